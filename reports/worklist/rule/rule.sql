-- What each rule says of itself.
SELECT
    rule_id, pack, title, kind, statements, question, why, action, false_alarms, conflicts, act_within, version,
    run_status, not_run_reason, horizon, companion
FROM audit.rules ORDER BY rule_id
