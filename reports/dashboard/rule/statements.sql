-- The guideline statements that the rule checks.
WITH named AS (
    SELECT unnest(statements) AS statement_id FROM audit.rules WHERE rule_id = $rule_id
)

SELECT n.statement_id, g.statement
FROM named AS n LEFT JOIN audit.guideline AS g USING (statement_id)
ORDER BY n.statement_id
