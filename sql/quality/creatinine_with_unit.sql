-- Creatinine results with a unit that is known and fits the value.
-- part: results with such a unit
-- whole: results that are a number and were neither cancelled nor entered in error
WITH
results AS (
    SELECT list_bool_or([fault.column_name = 'unit' FOR fault IN faults]) AS is_without_unit
    FROM staging.labs
    WHERE
        analyte = 'creatinine'
        AND value_number IS NOT NULL
        AND coalesce(status, 'final') NOT IN ('cancelled', 'entered-in-error')
)

SELECT
    count(*) FILTER (is_without_unit IS NOT TRUE) AS part,
    count(*) AS whole
FROM results
