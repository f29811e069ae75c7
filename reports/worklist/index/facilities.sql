-- Facilities with open findings, those with the most pressing first.
SELECT
    f.facility_id, f.page, count(*) AS findings, count(DISTINCT w.patient_id) AS patients,
    count(*) FILTER (w.severity IN ('critical', 'high')) AS pressing
FROM mart.worklist AS w JOIN mart.facility_page AS f USING (facility_id)
GROUP BY f.facility_id, f.page
ORDER BY pressing DESC, findings DESC, f.facility_id
