-- One row per usable result of a test that the audit uses, up to the date of the audit, in the analyte's own unit.
-- Cancelled results and those entered in error are not here; preliminary ones are.
-- row_id: lab_id of the extract
-- patient_id: whose result it is
-- analyte: name of the laboratory list, such as creatinine
-- collected_at: when the sample was taken
-- collected_on: date on which the sample was taken
-- value: the number in the analyte's canonical unit
-- unit: canonical unit of the analyte (UCUM)
-- comparator: <, <=, > or >= when the laboratory gave only a limit, else NULL
-- own_value: the number as sent, in own_unit
-- own_unit: unit as sent, in UCUM spelling
-- value_as_sent: the value as sent
-- unit_as_sent: the unit as sent
-- name: test name as sent, else the analyte
-- status: final, corrected or preliminary; NULL when not sent
-- reference_low: lower reference limit as sent
-- reference_high: upper reference limit as sent
-- file: file of the extract
-- line: line of the file
WITH
labs AS (SELECT * FROM clean.labs)

SELECT *
FROM labs
WHERE
    collected_on <= $as_of
    AND coalesce(status, 'final') NOT IN ('cancelled', 'entered-in-error')
