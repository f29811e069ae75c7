-- One unit in which results of an analyte were sent, those in quarantine among them; texts and results that were cancelled or
-- entered in error left out.
-- analyte: the laboratory list that the tests are in, such as creatinine
-- unit: unit as sent; NULL when none was
-- ucum: the unit that it is taken for; NULL when it is none of the analyte
-- results: number of results
-- usable: how many of them have a value that can be in this unit
-- patients: number of patients
WITH results AS (
    SELECT
        analyte, unit, patient_id,
        list_bool_or([fault.column_name IN ('unit', 'value') FOR fault IN faults]) IS NOT TRUE AS is_usable
    FROM staging.labs
    WHERE
        analyte IS NOT NULL AND value_number IS NOT NULL
        AND coalesce(status, 'final') NOT IN ('cancelled', 'entered-in-error')
),

units AS (
    SELECT
        analyte, unit,
        count(*) AS results,
        count(*) FILTER (is_usable) AS usable,
        count(DISTINCT patient_id) AS patients
    FROM results
    GROUP BY analyte, unit
)

SELECT u.analyte, u.unit, l.ucum, u.results, u.usable, u.patients
FROM units AS u
LEFT JOIN codelists.lab_units AS l ON u.analyte = l.analyte AND plain_unit(u.unit) = l.unit
