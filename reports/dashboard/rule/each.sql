-- One page for each rule.
SELECT rule_id FROM audit.rules ORDER BY position, rule_id
