-- The faults of a row out of the results of its checks, as a list of {column_name, value, reason}; NULL when it has none. A row
-- that asks for its record to be removed needs nothing but its id: only a fault of that counts.
CREATE OR REPLACE MACRO faults_of(checks, deleted, id_column) AS
    CASE
        WHEN array_to_string(checks, '') <> ''
            THEN nullif(
                list_filter(
                    list_transform(
                        list_filter(checks, lambda c: c IS NOT NULL),
                        lambda c: from_json(c, '{"column_name": "VARCHAR", "value": "VARCHAR", "reason": "VARCHAR"}')
                    ),
                    lambda f: deleted IS NOT TRUE OR f.column_name = id_column
                ),
                []
            )
    END;
