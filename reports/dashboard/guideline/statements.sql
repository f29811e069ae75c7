-- Every statement of the guideline with the rules that check it, written or still to be written.
WITH named AS (
    SELECT
        statement_id,
        unnest(list_distinct(list_concat(coalesce(rules, []), coalesce(missing_rules, [])))) AS rule_id
    FROM audit.guideline
),

described AS (
    SELECT
        n.statement_id,
        list(
            {'rule_id': n.rule_id, 'title': r.title, 'run_status': r.run_status, 'is_written': r.rule_id IS NOT NULL}
            ORDER BY r.position NULLS LAST, n.rule_id
        ) AS rules
    FROM named AS n LEFT JOIN audit.rules AS r USING (rule_id)
    GROUP BY n.statement_id
)

SELECT g.statement_id, g.statement, g.cover, g.why_not, coalesce(d.rules, []) AS rules
FROM audit.guideline AS g LEFT JOIN described AS d USING (statement_id)
ORDER BY g.statement_id
