-- Title and version of every rule, for the foot of every page and for texts that name another rule.
SELECT rule_id, title, version, run_status, companion FROM audit.rules ORDER BY position, rule_id
