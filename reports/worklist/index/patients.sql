-- The first patients, up to the daily cap, each once, with all their open findings.
SELECT
    patient_rank, patient_id, any_value(age) AS age, any_value(sex) AS sex,
    list(DISTINCT facility_id ORDER BY facility_id) FILTER (facility_id IS NOT NULL) AS facilities,
    list({
        'rank': rank, 'rule_id': rule_id, 'title': title, 'companion': companion, 'severity': severity, 'state': state,
        'index_date': index_date, 'days_since': days_since, 'message': message, 'has_conflict': len(conflicts) > 0
    } ORDER BY rank) AS findings
FROM mart.worklist
WHERE patient_rank <= (SELECT daily_cap FROM audit.runs)
GROUP BY patient_rank, patient_id
ORDER BY patient_rank
