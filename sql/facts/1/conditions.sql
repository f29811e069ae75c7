-- One row per diagnosis, up to the date of the audit, and condition list that its code is in.
-- row_id: diagnosis_id of the extract
-- patient_id: whose diagnosis it is
-- condition: name of the condition list, such as malaria or falls
-- code: code as sent
-- code_system: icd10cm, icd9cm or snomed
-- name: name as sent, else the list's term for the code
-- day: date of the record
-- resolved_on: date of resolution, NULL when none is recorded by the date of the audit
-- qualifier: short machine words of the list about the code, such as stage=4 or history; NULL when it says nothing
-- file: file of the extract
-- line: line of the file
WITH
conditions AS (SELECT * FROM clean.conditions)

SELECT * REPLACE (if(resolved_on <= $as_of, resolved_on, NULL) AS resolved_on)
FROM conditions
WHERE day <= $as_of
