-- A yes-or-no value: `true` and `false` in any case, nothing else.
CREATE OR REPLACE MACRO as_boolean(words) AS
    CASE lower(words)
        WHEN 'true' THEN TRUE
        WHEN 'false' THEN FALSE
    END;
