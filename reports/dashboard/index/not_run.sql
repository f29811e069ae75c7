-- Rules that were not run, with the reason.
SELECT rule_id, title, not_run_reason FROM audit.rules WHERE run_status <> 'run' ORDER BY position, rule_id
