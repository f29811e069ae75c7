-- Open findings of one severity, all rules together, as they may be shown on a shareable page. They are told to the nearest
-- five under any policy that hides small counts, so that one night beside the next does not tell single findings.
-- severity: critical, high, moderate, low or info
-- findings: number of open findings, NULL when it is hidden
-- shown: what to print for it
WITH policy AS (
    SELECT small_limit, small_mark, greatest(rounded_to, if(small_limit > 0, 5, 1)) AS rounded_to FROM mart.disclosure
),

severities AS (
    SELECT unnest(['critical', 'high', 'moderate', 'low', 'info']) AS severity
),

counts AS (
    SELECT s.severity, count(w.finding_id) AS findings, count(DISTINCT w.patient_id) AS patients
    FROM severities AS s LEFT JOIN mart.worklist AS w USING (severity)
    GROUP BY s.severity
),

rounded AS (
    SELECT
        c.severity, p.small_mark,
        CASE
            WHEN c.patients = 0 OR c.patients > p.small_limit THEN CAST(round(c.findings / p.rounded_to) * p.rounded_to AS BIGINT)
        END AS findings
    FROM counts AS c CROSS JOIN policy AS p
)

SELECT severity, findings, coalesce(CAST(findings AS VARCHAR), small_mark) AS shown
FROM rounded
