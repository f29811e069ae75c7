-- What the rule says of itself.
SELECT
    rule_id, pack, title, kind, statements, question, why, action, false_alarms, conflicts, act_within, version,
    run_status, not_run_reason, horizon, companion
FROM audit.rules WHERE rule_id = $rule_id
