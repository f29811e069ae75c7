-- The guideline statements that each rule checks.
WITH named AS (
    SELECT rule_id, unnest(statements) AS statement_id FROM audit.rules
)

SELECT n.rule_id, n.statement_id, g.statement
FROM named AS n LEFT JOIN audit.guideline AS g USING (statement_id)
ORDER BY n.rule_id, n.statement_id
