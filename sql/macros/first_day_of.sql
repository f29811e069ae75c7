-- The earliest day of a FHIR date that may lack its day or month (`2019` is 2019-01-01); any other text as it is.
CREATE OR REPLACE MACRO first_day_of(words) AS
    CASE
        WHEN regexp_full_match(words, '\d{4}') THEN words || '-01-01'
        WHEN regexp_full_match(words, '\d{4}-\d\d') THEN words || '-01'
        ELSE words
    END;
