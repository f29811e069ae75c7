-- Units as they were sent for each analyte.
SELECT analyte, unit, ucum, results, usable, patients
FROM audit.lab_units
ORDER BY analyte, results DESC, unit NULLS LAST
LIMIT 500
