-- One procedure that was done.
-- procedure_id*: id of the procedure
-- patient_id*: on whom it was done
-- code*: code as sent
-- code_system*: cpt, hcpcs, icd10pcs, icd9pcs (for old records) or snomed
-- name: what the code stands for, as written
-- performed_at*: when it was done, in the site's zone; up to one day before the birth or after the extract
-- file: file of the extract
-- line: line of the file on which the row starts
-- deleted: whether the row asks for its record to be removed
-- faults: what is wrong with the row, as {column_name, value, reason}; NULL when nothing is
WITH
sent AS (
    SELECT
        clean_text(procedure_id) AS procedure_id,
        clean_text(patient_id) AS patient_id,
        clean_text(code) AS code,
        clean_text(code_system) AS code_system_text,
        clean_text(name) AS name,
        clean_text(performed_at) AS performed_at_text,
        clean_text(deleted) AS deleted_text,
        file,
        line
    FROM source.procedures
),

typed AS (
    SELECT
        *,
        lower(code_system_text) AS code_system,
        as_timestamp(performed_at_text, $zone) AS performed_at,
        as_boolean(deleted_text) AS deleted
    FROM sent
)

SELECT
    t.procedure_id,
    t.patient_id,
    t.code,
    t.code_system,
    t.name,
    t.performed_at,
    t.file,
    t.line,
    t.deleted,
    faults_of(
        [
            fault('procedure_id', t.procedure_id, 'required value missing', t.procedure_id IS NULL),
            fault('patient_id', t.patient_id, 'required value missing', t.patient_id IS NULL),
            fault(
                'patient_id', t.patient_id, 'unknown patient',
                t.patient_id IS NOT NULL AND p.patient_id IS NULL AND q.patient_id IS NULL
            ),
            fault(
                'patient_id', t.patient_id, 'unknown patient (its patients row is quarantined)',
                p.patient_id IS NULL AND q.patient_id IS NOT NULL
            ),
            fault('code', t.code, 'required value missing', t.code IS NULL),
            fault('code_system', t.code_system_text, 'required value missing', t.code_system_text IS NULL),
            fault(
                'code_system', t.code_system_text, 'unknown value',
                t.code_system NOT IN ('cpt', 'hcpcs', 'icd10pcs', 'icd9pcs', 'snomed')
            ),
            fault('performed_at', t.performed_at_text, 'required value missing', t.performed_at_text IS NULL),
            fault('performed_at', t.performed_at_text, 'unparseable date', unread(t.performed_at_text, t.performed_at)),
            fault('performed_at', t.performed_at_text, 'before birth', CAST(t.performed_at AS DATE) < p.birth_date - 1),
            fault(
                'performed_at', t.performed_at_text, 'after the extract',
                CAST(t.performed_at AS DATE) > $extracted_on + 1
            ),
            fault('deleted', t.deleted_text, 'unknown value', unread(t.deleted_text, t.deleted))
        ],
        t.deleted,
        'procedure_id'
    ) AS faults
FROM typed AS t
LEFT JOIN extracts.patients AS p ON t.patient_id = p.patient_id
LEFT JOIN staging.patients_quarantined AS q ON t.patient_id = q.patient_id
