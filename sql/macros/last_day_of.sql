-- The latest day of a FHIR date that may lack its day or month (`2019-02` is 2019-02-28); any other text as it is.
CREATE OR REPLACE MACRO last_day_of(words) AS
    CASE
        WHEN regexp_full_match(words, '\d{4}') THEN words || '-12-31'
        WHEN regexp_full_match(words, '\d{4}-\d\d') THEN coalesce(CAST(last_day(TRY_CAST(words || '-01' AS DATE)) AS VARCHAR), words)
        ELSE words
    END;
