-- Files, and columns of files, that the source does not read.
SELECT file, list(column_name ORDER BY column_name) FILTER (column_name IS NOT NULL) AS column_names
FROM audit.ignored
GROUP BY file
ORDER BY file
