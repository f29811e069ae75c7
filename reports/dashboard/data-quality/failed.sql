-- Checks that failed, those that close the gate first.
SELECT feed, check_name, column_name, reason, critical, failed_rows, checked_rows, note
FROM audit.quality
WHERE NOT passed
ORDER BY critical DESC, failed_rows DESC NULLS LAST, feed, check_name, column_name
