-- Packs in the order of the pages, companions last, each with how many of its rules were run.
WITH counts AS (
    SELECT
        pack, bool_or(companion) AS companion,
        count(*) AS rules, count(*) FILTER (run_status = 'run') AS rules_run
    FROM audit.rules
    GROUP BY pack
)

SELECT c.pack, c.companion, coalesce(p.title, replace(c.pack, '_', ' ')) AS title, p.about, c.rules, c.rules_run
FROM counts AS c LEFT JOIN audit.packs AS p USING (pack)
ORDER BY c.companion, c.pack
