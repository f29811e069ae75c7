-- The facility's patients, each patient once, with all their open findings there.
WITH chosen AS (
    SELECT facility_id FROM mart.facility_page WHERE page = $page
)

SELECT
    w.patient_rank, w.patient_id, any_value(w.age) AS age, any_value(w.sex) AS sex,
    list(DISTINCT w.facility_id ORDER BY w.facility_id) FILTER (w.facility_id IS NOT NULL) AS facilities,
    list({
        'rank': w.rank, 'rule_id': w.rule_id, 'title': w.title, 'companion': w.companion, 'severity': w.severity,
        'state': w.state, 'index_date': w.index_date, 'days_since': w.days_since, 'message': w.message,
        'has_conflict': len(w.conflicts) > 0
    } ORDER BY w.rank) AS findings
FROM mart.worklist AS w SEMI JOIN chosen USING (facility_id)
GROUP BY w.patient_rank, w.patient_id
ORDER BY w.patient_rank
