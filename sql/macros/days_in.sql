-- Days in one unit of time, a UCUM code or an English word: s, min, h, d, wk, mo (30 days), a (365 days); NULL for any other.
CREATE OR REPLACE MACRO days_in(unit) AS
    CASE
        WHEN regexp_full_match(lower(unit), 's|secs?|seconds?') THEN 1 / 86400
        WHEN regexp_full_match(lower(unit), 'min|mins|minutes?') THEN 1 / 1440
        WHEN regexp_full_match(lower(unit), 'h|hrs?|hours?') THEN 1 / 24
        WHEN regexp_full_match(lower(unit), 'd|days?') THEN 1
        WHEN regexp_full_match(lower(unit), 'wk|wks|weeks?') THEN 7
        WHEN regexp_full_match(lower(unit), 'mo|months?') THEN 30
        WHEN regexp_full_match(lower(unit), 'a|yrs?|years?') THEN 365
    END;
