-- One data-quality check of one feed in this run; counts only.
-- feed: the feed
-- check_name: what is expected
-- column_name: the column checked
-- reason: the fault looked for
-- critical: whether a failure closes the gate
-- passed: whether it held
-- failed_rows: rows against it
-- checked_rows: rows checked
-- note: the figure in words
SELECT
    NULL::VARCHAR AS feed,
    NULL::VARCHAR AS check_name,
    NULL::VARCHAR AS column_name,
    NULL::VARCHAR AS reason,
    NULL::BOOLEAN AS critical,
    NULL::BOOLEAN AS passed,
    NULL::BIGINT AS failed_rows,
    NULL::BIGINT AS checked_rows,
    NULL::VARCHAR AS note
WHERE FALSE
