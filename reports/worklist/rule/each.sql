-- One page for each rule that can have open findings.
SELECT rule_id FROM audit.rules WHERE kind NOT IN ('documentation', 'descriptive') ORDER BY position, rule_id
