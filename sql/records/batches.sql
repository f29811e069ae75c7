-- One file of a feed in a run, with its four counts.
-- batch_id: run, feed and position of the file
-- feed: the feed
-- file: name of the file
-- sha256: hash of its content
-- rows_read: rows in the file
-- rows_loaded: rows that are used
-- rows_quarantined: rows that cannot be used; they are in audit.quarantine
-- rows_superseded: equal copies of a row that is loaded
-- watermark: latest clinical date among the rows loaded
-- run_id: the run
SELECT
    NULL::VARCHAR AS batch_id,
    NULL::VARCHAR AS feed,
    NULL::VARCHAR AS file,
    NULL::VARCHAR AS sha256,
    NULL::BIGINT AS rows_read,
    NULL::BIGINT AS rows_loaded,
    NULL::BIGINT AS rows_quarantined,
    NULL::BIGINT AS rows_superseded,
    NULL::DATE AS watermark,
    NULL::VARCHAR AS run_id
WHERE FALSE
