-- One row of an extract that cannot be used, whole and with every reason.
-- run_id: the run
-- feed: the feed; nothing for a bad line of a file that is only looked up
-- file: name of the file
-- line: physical line where the record starts
-- row_id: the row's own id, if it can be had
-- column_name: columns at fault, joined by semicolons
-- value: what those columns hold, as sent
-- reason: what is wrong with each of them
-- raw: the row as sent (JSON), or the text of a line that is no record
SELECT
    NULL::VARCHAR AS run_id,
    NULL::VARCHAR AS feed,
    NULL::VARCHAR AS file,
    NULL::BIGINT AS line,
    NULL::VARCHAR AS row_id,
    NULL::VARCHAR AS column_name,
    NULL::VARCHAR AS value,
    NULL::VARCHAR AS reason,
    NULL::VARCHAR AS raw
WHERE FALSE
