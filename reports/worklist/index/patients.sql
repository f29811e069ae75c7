-- The first 500 patients, each once, with all their open findings.
SELECT
    patient_rank, patient_id, any_value(age) AS age, any_value(sex) AS sex,
    list(DISTINCT facility_id ORDER BY facility_id) FILTER (facility_id IS NOT NULL) AS facilities,
    list({
        'rank': rank, 'rule_id': rule_id, 'title': title, 'pack': pack, 'severity': severity, 'state': state,
        'index_date': index_date, 'days_since': days_since, 'message': message
    } ORDER BY rank) AS findings
FROM mart.worklist
WHERE patient_rank <= 500
GROUP BY patient_rank, patient_id
ORDER BY patient_rank
