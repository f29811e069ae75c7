-- How long the list is, and how much of it the daily cap leaves off.
WITH worklist AS (
    SELECT w.patient_id, w.patient_rank > r.daily_cap AS is_left_off
    FROM mart.worklist AS w CROSS JOIN audit.runs AS r
)

SELECT
    count(*) AS findings, count(DISTINCT patient_id) AS patients,
    count(*) FILTER (is_left_off) AS findings_left_off,
    count(DISTINCT CASE WHEN is_left_off THEN patient_id END) AS patients_left_off
FROM worklist
