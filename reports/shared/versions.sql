-- Version of every rule, for the foot of every page.
SELECT rule_id, version, run_status, companion FROM audit.rules ORDER BY position, rule_id
