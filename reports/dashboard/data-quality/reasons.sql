-- The commonest reasons for setting rows of a feed aside: counts only, never a value.
SELECT feed, coalesce(nullif(column_name, ''), 'whole row') AS column_name, reason, count(*) AS rows_set_aside
FROM audit.quarantine
WHERE feed IS NOT NULL
GROUP BY ALL
ORDER BY rows_set_aside DESC, feed, column_name, reason
LIMIT 40
