-- One row per procedure and procedure list that its code is in.
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
procedures AS (SELECT * FROM extracts.procedures),

procedure_codes AS (SELECT * FROM clean.procedure_codes)

SELECT
    p.procedure_id AS row_id,
    p.patient_id,
    c.procedure,
    p.code,
    p.code_system,
    coalesce(p.name, c.term) AS name,
    cast(p.performed_at AS DATE) AS day,
    p.performed_at,
    c.qualifier,
    p.file,
    p.line
FROM procedures AS p
JOIN procedure_codes AS c USING (code_system, code)
