-- Every open finding, for the table to download.
SELECT
    rank, severity, state, patient_id, age, sex, facility_id, prescriber_id, rule_id, rule_version, pack, title, index_date,
    days_since, message, reason, action, array_to_string(conflicts, ' ') AS sources_disagree, finding_id, unit_id, first_seen_run
FROM mart.worklist
ORDER BY rank
