-- Who wrote the first prescriptions behind the rule's findings: the fifteen with most, and how much of all they come to.
WITH counted AS (
    SELECT
        prescriber_id AS label, numerator, rate,
        numerator / sum(numerator) OVER () AS share,
        sum(numerator) OVER (ORDER BY numerator DESC, prescriber_id) / sum(numerator) OVER () AS cumulated
    FROM mart.rule_prescriber WHERE rule_id = $rule_id AND numerator > 0
)

SELECT label, numerator, rate, share, cumulated FROM counted ORDER BY numerator DESC, label LIMIT 15
