-- A day written as ISO 8601 has it (`2026-11-22`), or the day of such a date-time, taken in the site's `zone` when it has an
-- offset; NULL for everything else, `22.11.2026` and `20261122` among it.
CREATE OR REPLACE MACRO as_date(words, zone) AS
    CASE
        WHEN strlen(words) = 10 THEN CAST(try_strptime(words, '%Y-%m-%d') AS DATE)
        ELSE CAST(as_timestamp(words, zone) AS DATE)
    END;
