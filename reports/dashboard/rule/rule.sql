-- What each rule says of itself, and its outcomes as they may be shown.
SELECT
    s.*, r.status, r.statements, r.question, r.why, r.action, r.false_alarms, r."references", r.conflicts, r.needs, r.uses,
    r.unit, r.act_within, r.written_by, r.checked_by, r.reviewed_on, r.review_due,
    r.distribution
FROM mart.public_rule_summary AS s JOIN audit.rules AS r USING (rule_id)
ORDER BY s.rule_id
