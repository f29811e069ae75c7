-- The rate of a rule if a parameter, or two, had other values, as it may be shown on a shareable page.
-- Two settings often differ by few patients, so counts are never shown here, and rates are rounded to whole per cents. A rate
-- is left out when findings or clear units stand for few patients, and all of them when the rule's own rate is hidden.
-- While a rule's figures are held, the rates published with them stand too.
-- rule_id: the rule
-- setting: number of the setting, row by row
-- row_parameter: the parameter that is varied
-- row_value: its value
-- column_parameter: a second parameter that is varied with it; NULL when there is none
-- column_value: its value
-- in_force: whether the rule was run with these values
-- rate: findings / findings and clear units; NULL when it is hidden, or there is nothing to divide by
-- shown: what to print for a rate that is NULL: a dash when nothing was judged, else that it is not shown
WITH policy AS (
    SELECT policy, small_limit FROM mart.disclosure
),

summaries AS (
    SELECT rule_id, denominator IS NOT NULL AS is_shown FROM mart.public_rule_summary
),

rates AS (
    SELECT rule_id, setting, row_parameter, row_value, column_parameter, column_value, in_force, denominator, rate
    FROM mart.rule_sensitivity
),

small AS (
    SELECT s.rule_id, s.setting, bool_or(s.patients BETWEEN 1 AND p.small_limit) AS is_small
    FROM audit.sensitivity AS s CROSS JOIN policy AS p
    WHERE s.outcome IN ('finding', 'clear')
    GROUP BY s.rule_id, s.setting
),

decided AS (
    -- A step of the rate stands for more units than are small, or the difference of two settings would tell a small count.
    SELECT
        r.*,
        m.is_small OR NOT s.is_shown OR (p.small_limit > 0 AND r.denominator < 10 * (p.small_limit + 1)) AS is_hidden,
        p.policy = 'none' AS is_exact,
        greatest(0.01, ceil(100.0 * (p.small_limit + 1) / nullif(r.denominator, 0)) / 100) AS step
    FROM rates AS r
    JOIN small AS m USING (rule_id, setting)
    JOIN summaries AS s USING (rule_id)
    CROSS JOIN policy AS p
),

held AS (
    SELECT rule_id FROM mart.publication WHERE is_held
),

published AS (
    SELECT
        rule_id, setting, row_parameter, row_value, column_parameter, column_value, in_force,
        CASE WHEN NOT is_hidden THEN if(is_exact, rate, least(round(round(rate / step) * step, 2), 1)) END AS rate,
        CASE WHEN is_hidden THEN 'not shown' WHEN denominator = 0 THEN '–' END AS shown
    FROM decided
)

SELECT rule_id, setting, row_parameter, row_value, column_parameter, column_value, in_force, rate, shown
FROM published ANTI JOIN held USING (rule_id)
UNION ALL
SELECT rule_id, setting, row_parameter, row_value, column_parameter, column_value, in_force, rate, shown
FROM audit.previous_settings SEMI JOIN held USING (rule_id)
