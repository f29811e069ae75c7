-- Rules that can have open findings, with how many there are.
SELECT
    r.rule_id, r.title, r.pack, starts_with(r.pack, 'companion') AS is_companion, r.run_status, r.not_run_reason,
    count(w.finding_id) AS findings, count(w.finding_id) FILTER (w.state = 'new') AS new_findings,
    min(w.rank) AS best_rank
FROM audit.rules AS r LEFT JOIN mart.worklist AS w USING (rule_id)
WHERE r.kind NOT IN ('documentation', 'descriptive')
GROUP BY ALL
ORDER BY r.run_status = 'run', best_rank NULLS LAST, r.rule_id
