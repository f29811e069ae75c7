-- Every rule with its outcomes as they may be shown, the state of its control chart, and the change of its rate: the last
-- three final months that are shown against the three before them.
WITH charts AS (
    SELECT rule_id, method, state, said, is_trial FROM mart.control_chart
    WHERE audience = 'public'
    QUALIFY row_number() OVER (PARTITION BY rule_id ORDER BY phase DESC) = 1
),

months AS (
    SELECT rule_id, numerator, denominator, row_number() OVER (PARTITION BY rule_id ORDER BY month DESC) AS back
    FROM mart.control_series WHERE audience = 'public' AND status = 'shown'
),

changes AS (
    SELECT
        rule_id,
        sum(numerator) FILTER (back <= 3) / sum(denominator) FILTER (back <= 3)
        - sum(numerator) FILTER (back BETWEEN 4 AND 6) / sum(denominator) FILTER (back BETWEEN 4 AND 6) AS change
    FROM months GROUP BY rule_id HAVING count(*) >= 6
)

SELECT s.*, r.statements, r.unit, r.question, c.method, c.state, c.said, c.is_trial, h.change
FROM mart.public_rule_summary AS s
JOIN audit.rules AS r USING (rule_id)
LEFT JOIN charts AS c USING (rule_id)
LEFT JOIN changes AS h USING (rule_id)
ORDER BY s.position, s.rule_id
