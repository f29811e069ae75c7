-- Every rule with its outcomes as they may be shown.
SELECT s.*, r.statements, r.unit, r.question
FROM mart.public_rule_summary AS s JOIN audit.rules AS r USING (rule_id)
ORDER BY s.position, s.rule_id
