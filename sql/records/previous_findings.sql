-- One finding as the run before left it; the columns are those of audit.findings.
SELECT
    NULL::VARCHAR AS finding_id,
    NULL::VARCHAR AS rule_id,
    NULL::VARCHAR AS rule_version,
    NULL::VARCHAR AS patient_id,
    NULL::VARCHAR AS unit_id,
    NULL::DATE AS index_date,
    NULL::VARCHAR AS severity,
    NULL::BOOLEAN AS open,
    NULL::VARCHAR AS first_seen_run,
    NULL::VARCHAR AS last_seen_run,
    NULL::VARCHAR AS state,
    NULL::VARCHAR AS resolved_reason,
    NULL::VARCHAR AS facility_id,
    NULL::VARCHAR AS prescriber_id,
    NULL::VARCHAR AS reason,
    NULL::VARCHAR AS message,
    NULL::VARCHAR AS evidence
WHERE FALSE
