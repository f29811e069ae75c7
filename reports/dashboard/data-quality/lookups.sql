-- Files that are only looked up: counts and kinds of fault, never a value.
SELECT
    file, feeds, left(sha256, 12) AS sha256, rows_read, bad_lines, reasons,
    CASE WHEN bad_lines > 0 THEN 'amber' ELSE 'green' END AS light
FROM audit.lookups
ORDER BY file, looked_up
