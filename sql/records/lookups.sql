-- One file in which feeds only look something up (names of codes, places, products), with what could be read of it. A file that
-- is a feed of its own is in audit.batches, and one that was refused whole in audit.refused.
-- looked_up: the table that the file belongs to
-- file: name of the file
-- sha256: hash of its content
-- feeds: the feeds that look something up in it
-- rows_read: rows in the file, bad lines among them
-- bad_lines: lines that are no row; they are in audit.quarantine, under no feed
-- reasons: what is wrong with the bad lines, with their number; nothing when there are none
-- run_id: the run
SELECT
    NULL::VARCHAR AS looked_up,
    NULL::VARCHAR AS file,
    NULL::VARCHAR AS sha256,
    NULL::VARCHAR[] AS feeds,
    NULL::BIGINT AS rows_read,
    NULL::BIGINT AS bad_lines,
    NULL::VARCHAR AS reasons,
    NULL::VARCHAR AS run_id
WHERE FALSE
