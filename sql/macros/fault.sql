-- One thing that is wrong with a row: the column, what was sent in it and the reason; NULL when `bad` does not hold.
-- Column and reason are written out in every call, since the catalogue of data-quality rules is read from them.
CREATE OR REPLACE MACRO fault(column_name, sent, reason, bad) AS
    CASE
        WHEN bad
            THEN {
                'column_name': CAST(column_name AS VARCHAR),
                'value': CAST(sent AS VARCHAR),
                'reason': CAST(reason AS VARCHAR)
            }
    END;
