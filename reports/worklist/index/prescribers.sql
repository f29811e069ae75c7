-- The twenty prescribers behind most open findings that are critical or high, then behind most.
SELECT
    p.prescriber_id, p.page, count(*) AS findings, count(DISTINCT w.patient_id) AS patients,
    count(*) FILTER (w.severity IN ('critical', 'high')) AS pressing
FROM mart.worklist AS w JOIN mart.prescriber_page AS p USING (prescriber_id)
GROUP BY p.prescriber_id, p.page
ORDER BY pressing DESC, findings DESC, p.prescriber_id
LIMIT 20
