-- The faults of a row out of the results of its checks, NULL when it has none. A row that asks for its record to be removed
-- needs nothing but its id: only a fault of that counts.
CREATE OR REPLACE MACRO faults_of(checks, deleted, id_column) AS
    CASE
        WHEN deleted THEN nullif(list_filter(checks, lambda c: c.column_name = id_column), [])
        ELSE nullif(list_filter(checks, lambda c: c IS NOT NULL), [])
    END;
