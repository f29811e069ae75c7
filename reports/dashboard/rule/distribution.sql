-- How many judged units have each value of the columns that the rule counts, as it may be shown.
WITH summary AS (
    SELECT rule_id, denominator FROM mart.public_rule_summary
),

shown AS (
    SELECT substr(breakdown, 4) AS measure, *
    FROM mart.public_breakdown WHERE starts_with(breakdown, 'by ')
)

SELECT
    w.measure,
    CASE w.cell WHEN 'true' THEN 'yes' WHEN 'false' THEN 'no' ELSE w.cell END AS label,
    w.denominator / nullif(s.denominator, 0) AS share,
    w.* EXCLUDE (measure)
FROM shown AS w JOIN summary AS s USING (rule_id)
ORDER BY w.rule_id, w.measure, w.cell = 'not recorded', w.cell = 'other values', w.cell = 'false', w.cell
