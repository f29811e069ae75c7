-- How long the list is, and how much of it the page shows.
SELECT
    count(*) AS findings, count(DISTINCT patient_id) AS patients,
    count(*) FILTER (patient_rank > 500) AS findings_left_off,
    count(DISTINCT CASE WHEN patient_rank > 500 THEN patient_id END) AS patients_left_off
FROM mart.worklist
