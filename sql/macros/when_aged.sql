-- The day, as text, on which somebody reaches an age: `age` is a number as text, `unit` one of time (a or year, mo, wk, d; a
-- year when it says none). NULL without a birth, a number or a unit that is known, and for an age beyond 150 years.
CREATE OR REPLACE MACRO when_aged(birth, age, unit) AS
    CASE
        WHEN as_number(age) * days_in(coalesce(unit, 'a')) NOT BETWEEN 0 AND 54750 THEN NULL
        WHEN days_in(coalesce(unit, 'a')) = 365
            THEN CAST(CAST(birth + to_months(TRY_CAST(floor(as_number(age) * 12) AS INTEGER)) AS DATE) AS VARCHAR)
        WHEN days_in(unit) = 30
            THEN CAST(CAST(birth + to_months(TRY_CAST(floor(as_number(age)) AS INTEGER)) AS DATE) AS VARCHAR)
        ELSE CAST(birth + TRY_CAST(floor(as_number(age) * days_in(unit)) AS INTEGER) AS VARCHAR)
    END;
