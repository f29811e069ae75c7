-- A date, or a date with a time, written as ISO 8601 has it; NULL for everything else. A blank may stand for the `T`,
-- seconds may lack, and a date alone is its midnight. With an offset (`Z`, `+01:00`, `+0100`, `+01`) the moment is turned into
-- the site's `zone`; without one it is local time already. The usual nineteen characters go the short way.
CREATE OR REPLACE MACRO as_timestamp(words, zone) AS
    CASE
        WHEN strlen(words) = 19 AND substr(words, 17, 1) = ':'
            THEN try_strptime(words, ['%Y-%m-%dT%H:%M:%S', '%Y-%m-%d %H:%M:%S'])
        WHEN strlen(words) = 10 THEN try_strptime(words, '%Y-%m-%d')
        WHEN regexp_full_match(words, '\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):\d\d(:\d\d(\.\d+)?)?')
            THEN TRY_CAST(words AS TIMESTAMP)
        WHEN regexp_full_match(
            words,
            '\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):\d\d(:\d\d(\.\d+)?)?(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)'
        )
            THEN timezone(zone, TRY_CAST(words AS TIMESTAMP WITH TIME ZONE))
    END;
