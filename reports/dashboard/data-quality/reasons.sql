-- The commonest reasons for setting rows aside: counts only, never a value.
SELECT feed, coalesce(column_name, 'whole row') AS column_name, reason, count(*) AS faults
FROM audit.quarantine
GROUP BY ALL
ORDER BY faults DESC, feed, column_name, reason
LIMIT 40
