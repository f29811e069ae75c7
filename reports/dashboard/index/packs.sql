-- Packs in the order of the pages, each with how many of its rules were run.
SELECT
    pack,
    starts_with(pack, 'companion') AS is_companion,
    count(*) AS rules,
    count(*) FILTER (run_status = 'run') AS rules_run
FROM audit.rules
GROUP BY pack
ORDER BY is_companion, pack
