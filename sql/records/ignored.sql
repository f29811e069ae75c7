-- A file, or a column or type of resource in a file, that the source does not read.
-- file: name of the file
-- column_name: the column or type; nothing when the whole file is not read
SELECT
    NULL::VARCHAR AS file,
    NULL::VARCHAR AS column_name
WHERE FALSE
