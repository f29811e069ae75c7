-- The run that the pages tell of: the latest, with its disclosure policy in one sentence.
SELECT r.run_id, r.as_of, r.started_at, r.source, r.extract_name, r.code_version, r.site_name, r.disclosure, d.said, r.accept_gate, r.pages_note
FROM audit.runs AS r CROSS JOIN mart.disclosure AS d
ORDER BY r.started_at DESC, r.run_id DESC
LIMIT 1
