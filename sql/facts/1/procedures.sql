-- One row per procedure, up to the date of the audit, and procedure list that its code is in.
-- row_id: procedure_id of the extract
-- patient_id: on whom it was done
-- procedure: name of the procedure list, such as hemodialysis
-- code: code as sent
-- code_system: cpt, hcpcs, icd10pcs or snomed
-- name: name as sent, else the list's term for the code
-- day: date on which it was done
-- performed_at: date and time at which it was done
-- qualifier: short machine words of the list about the code; NULL when it says nothing
-- file: file of the extract
-- line: line of the file
WITH
procedures AS (SELECT * FROM clean.procedures)

SELECT *
FROM procedures
WHERE day <= $as_of
