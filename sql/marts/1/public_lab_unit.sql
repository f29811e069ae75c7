-- The units in which results of an analyte came, as they may be shown on a shareable page. What was sent for a unit and is
-- none may hold anything, and is only counted.
-- analyte: the analyte
-- unit: unit (UCUM); NULL for everything that was not understood
-- results: number of results, NULL when it is hidden
-- shown: what to print for it
-- contradicted: whether some values could not be in this unit
WITH policy AS (
    SELECT small_limit, small_mark, rounded_to FROM mart.disclosure
),

units AS (
    -- The patients of one spelling are the fewest that there can be.
    SELECT
        analyte, ucum AS unit, sum(results) AS results, max(patients) AS patients,
        ucum IS NOT NULL AND sum(usable) < sum(results) AS contradicted
    FROM audit.lab_units GROUP BY analyte, ucum
),

shown AS (
    SELECT
        u.analyte, u.unit, u.contradicted, p.small_mark,
        CASE WHEN u.patients > p.small_limit THEN CAST(round(u.results / p.rounded_to) * p.rounded_to AS BIGINT) END AS results
    FROM units AS u CROSS JOIN policy AS p
)

SELECT analyte, unit, results, coalesce(CAST(results AS VARCHAR), small_mark) AS shown, contradicted
FROM shown
