-- One row per diagnosis and condition list that its code is in.
-- row_id: diagnosis_id of the extract
-- patient_id: whose diagnosis it is
-- condition: name of the condition list, such as malaria or falls
-- code: code as sent
-- code_system: icd10cm, icd9cm or snomed
-- name: name as sent, else the list's term for the code
-- day: date of the record
-- resolved_on: date of resolution, NULL when none is recorded
-- qualifier: short machine words of the list about the code, such as stage=4 or history; NULL when it says nothing
-- file: file of the extract
-- line: line of the file
WITH
diagnoses AS (SELECT * FROM extracts.diagnoses),

condition_codes AS (SELECT * FROM clean.condition_codes)

SELECT
    d.diagnosis_id AS row_id,
    d.patient_id,
    c.condition,
    d.code,
    d.code_system,
    coalesce(d.name, c.term) AS name,
    d.recorded_date AS day,
    d.resolved_date AS resolved_on,
    c.qualifier,
    d.file,
    d.line
FROM diagnoses AS d
JOIN condition_codes AS c USING (code_system, code)
