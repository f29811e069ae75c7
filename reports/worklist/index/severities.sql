-- Open findings by severity.
WITH severities AS (
    SELECT unnest(['critical', 'high', 'moderate', 'low', 'info']) AS severity
)

SELECT
    s.severity, count(w.finding_id) AS findings, count(w.finding_id) FILTER (w.state = 'new') AS new_findings,
    count(DISTINCT w.patient_id) AS patients
FROM severities AS s LEFT JOIN mart.worklist AS w USING (severity)
GROUP BY s.severity
ORDER BY list_position(['critical', 'high', 'moderate', 'low', 'info'], s.severity)
