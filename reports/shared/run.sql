-- The run that the pages tell of, its disclosure policy in one sentence, and how many critical checks it failed.
WITH failed AS (
    SELECT count(*) AS critical_failed FROM audit.quality WHERE critical AND NOT passed
)

SELECT
    r.run_id, r.as_of, r.started_at, r.source, r.extract_name, r.code_version, r.site_name, r.disclosure, d.said,
    r.accept_gate, f.critical_failed
FROM audit.runs AS r
CROSS JOIN mart.disclosure AS d
CROSS JOIN failed AS f
ORDER BY r.started_at DESC, r.run_id DESC
LIMIT 1
