-- A page for each rule that can have open findings, and more where one page would be too heavy for them.
WITH parts AS (
    SELECT DISTINCT rule_id, part, page FROM mart.worklist_page
)

SELECT r.rule_id, coalesce(p.part, 1) AS part, coalesce(p.page, r.rule_id) AS page
FROM audit.rules AS r LEFT JOIN parts AS p USING (rule_id)
WHERE r.kind NOT IN ('documentation', 'descriptive')
ORDER BY r.position, r.rule_id, part
