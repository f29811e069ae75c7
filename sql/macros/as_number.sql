-- A number with a decimal point and, if need be, an exponent; NULL for everything else: thousands separators, decimal commas,
-- NaN and infinity are no numbers here, nor is one too large to hold.
CREATE OR REPLACE MACRO as_number(words) AS
    CASE
        WHEN isfinite(TRY_CAST(words AS DOUBLE)) AND NOT contains(words, '_') THEN TRY_CAST(words AS DOUBLE)
    END;
