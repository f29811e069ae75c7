-- Checks that passed.
SELECT feed, check_name, column_name, reason, critical, checked_rows
FROM audit.quality
WHERE passed
ORDER BY feed, check_name, column_name
