-- Open findings of one rule and severity, as they may be shown on a shareable page. They are told to the nearest five under any
-- policy that hides small counts, so that one night beside the next does not tell single findings.
-- rule_id: the rule; only rules that were run and whose findings somebody is asked to look at
-- severity: critical, high, moderate, low or info
-- findings: number of open findings, NULL when it is hidden
-- least: what that tells of the number: it is this at least
-- shown: what to print for it
WITH policy AS (
    SELECT small_limit, small_mark, greatest(rounded_to, if(small_limit > 0, 5, 1)) AS rounded_to FROM mart.disclosure
),

rules AS (
    SELECT rule_id FROM audit.rules WHERE run_status = 'run' AND kind NOT IN ('documentation', 'descriptive')
),

severities AS (
    SELECT unnest(['critical', 'high', 'moderate', 'low', 'info']) AS severity
),

counts AS (
    SELECT r.rule_id, s.severity, count(w.finding_id) AS findings, count(DISTINCT w.patient_id) AS patients
    FROM rules AS r
    CROSS JOIN severities AS s
    LEFT JOIN mart.worklist AS w ON r.rule_id = w.rule_id AND s.severity = w.severity
    GROUP BY r.rule_id, s.severity
),

coarse AS (
    SELECT
        c.rule_id, c.severity, p.small_limit, p.small_mark, p.rounded_to,
        CASE
            WHEN c.patients = 0 OR c.patients > p.small_limit THEN CAST(round(c.findings / p.rounded_to) * p.rounded_to AS BIGINT)
        END AS findings
    FROM counts AS c CROSS JOIN policy AS p
)

SELECT
    rule_id, severity, findings,
    CASE
        WHEN findings IS NULL THEN 1
        WHEN findings = 0 THEN 0
        ELSE greatest(findings - rounded_to // 2, small_limit + 1)
    END AS least,
    coalesce(CAST(findings AS VARCHAR), small_mark) AS shown
FROM coarse
