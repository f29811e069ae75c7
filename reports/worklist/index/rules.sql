-- Rules that can have open findings, with how many there are, and their further pages; those that were not run first.
WITH counts AS (
    SELECT rule_id, count(*) AS findings, count(*) FILTER (state = 'new') AS new_findings, min(rank) AS best_rank
    FROM mart.worklist GROUP BY rule_id
),

further AS (
    SELECT DISTINCT rule_id, part, page FROM mart.worklist_page WHERE part > 1
),

parts AS (
    SELECT rule_id, list({'number': part, 'name': page} ORDER BY part) AS parts FROM further GROUP BY rule_id
)

SELECT
    r.rule_id, r.title, r.companion, r.run_status, r.not_run_reason,
    coalesce(c.findings, 0) AS findings, coalesce(c.new_findings, 0) AS new_findings, coalesce(p.parts, []) AS parts
FROM audit.rules AS r
LEFT JOIN counts AS c USING (rule_id)
LEFT JOIN parts AS p USING (rule_id)
WHERE r.kind NOT IN ('documentation', 'descriptive')
ORDER BY r.run_status, c.best_rank NULLS LAST, r.position
