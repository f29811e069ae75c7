-- The first patients, up to the daily cap, each once, with all their open findings.
SELECT
    w.patient_rank, w.patient_id, any_value(w.age) AS age, any_value(w.sex) AS sex,
    list(DISTINCT w.facility_id ORDER BY w.facility_id) FILTER (w.facility_id IS NOT NULL) AS facilities,
    list({
        'rank': w.rank, 'page': p.page, 'title': w.title, 'companion': w.companion, 'severity': w.severity, 'state': w.state,
        'index_date': w.index_date, 'days_since': w.days_since, 'message': w.message, 'action': w.action,
        'has_conflict': len(w.conflicts) > 0
    } ORDER BY w.rank) AS findings
FROM mart.worklist AS w
JOIN mart.worklist_page AS p USING (finding_id)
WHERE w.patient_rank <= (SELECT daily_cap FROM audit.runs)
GROUP BY w.patient_rank, w.patient_id
ORDER BY w.patient_rank
