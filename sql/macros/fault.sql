-- One thing that is wrong with a row, as JSON: the column, what was sent in it and the reason; NULL when `bad` does not hold.
-- A text, since a list of texts that are nearly all NULL costs a fraction of one of structures.
-- Column and reason are written out in every call, since the catalogue of data-quality rules is read from them.
CREATE OR REPLACE MACRO fault(column_name, sent, reason, bad) AS
    CASE
        WHEN bad
            THEN CAST(
                json_object('column_name', column_name, 'value', CAST(sent AS VARCHAR), 'reason', reason) AS VARCHAR
            )
    END;
