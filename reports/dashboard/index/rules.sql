-- Every rule with its outcomes as they may be shown, its open findings by severity, the state of its control chart, and the change
-- of its rate: the last three final months against the three before them, when all six are shown and enough was judged in them.
WITH charts AS (
    SELECT rule_id, method, state, said, is_trial FROM mart.control_chart
    WHERE audience = 'public'
    QUALIFY row_number() OVER (PARTITION BY rule_id ORDER BY phase DESC) = 1
),

months AS (
    SELECT rule_id, month, numerator, denominator, row_number() OVER (PARTITION BY rule_id ORDER BY month DESC) AS back
    FROM mart.control_series WHERE audience = 'public' AND NOT is_provisional
),

halves AS (
    SELECT
        rule_id,
        max(month) AS change_to,
        min(month) AS change_from,
        count(denominator) AS months_shown,
        sum(numerator) FILTER (back <= 3) AS findings,
        sum(denominator) FILTER (back <= 3) AS judged,
        sum(numerator) FILTER (back > 3) AS findings_before,
        sum(denominator) FILTER (back > 3) AS judged_before
    FROM months WHERE back <= 6 GROUP BY rule_id
),

changes AS (
    SELECT
        rule_id, change_to, CAST(judged AS BIGINT) AS judged, CAST(judged_before AS BIGINT) AS judged_before,
        findings / judged - findings_before / judged_before AS change
    FROM halves
    WHERE months_shown = 6 AND change_from = CAST(change_to - INTERVAL 5 MONTH AS DATE) AND judged >= 30 AND judged_before >= 30
),

severities AS (
    SELECT *, list_position(['critical', 'high', 'moderate', 'low', 'info'], severity) AS place FROM mart.public_rule_open
),

open_findings AS (
    SELECT
        rule_id,
        list({'severity': severity, 'findings': findings, 'shown': shown} ORDER BY place) FILTER (shown <> '0') AS open_findings
    FROM severities
    GROUP BY rule_id
)

SELECT
    s.*, r.statements, r.unit, r.question, c.method, c.state, c.said AS chart_said, c.is_trial, h.change, h.change_to, h.judged,
    h.judged_before, o.rule_id IS NOT NULL AS has_worklist, coalesce(o.open_findings, []) AS open_findings
FROM mart.public_rule_summary AS s
JOIN audit.rules AS r USING (rule_id)
LEFT JOIN charts AS c USING (rule_id)
LEFT JOIN changes AS h USING (rule_id)
LEFT JOIN open_findings AS o USING (rule_id)
ORDER BY s.position, s.rule_id
