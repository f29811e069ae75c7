-- One diagnosis, as coded on a day.
-- diagnosis_id*: id of the diagnosis
-- patient_id*: whose diagnosis it is
-- code*: code as sent
-- code_system*: icd10cm, icd9cm or snomed
-- name: what the code stands for, as written
-- recorded_date*: day on which it was recorded, up to one day before the birth or after the extract
-- resolved_date: day on which it was over, not before it was recorded
-- encounter_id: encounter in which it was recorded
-- file: file of the extract
-- line: line of the file on which the row starts
-- deleted: whether the row asks for its record to be removed
-- faults: what is wrong with the row, as {column_name, value, reason}; NULL when nothing is
WITH
sent AS (
    SELECT
        clean_text(diagnosis_id) AS diagnosis_id,
        clean_text(patient_id) AS patient_id,
        clean_text(code) AS code,
        clean_text(code_system) AS code_system_text,
        clean_text(name) AS name,
        clean_text(recorded_date) AS recorded_date_text,
        clean_text(resolved_date) AS resolved_date_text,
        clean_text(encounter_id) AS encounter_id,
        clean_text(deleted) AS deleted_text,
        file,
        line
    FROM source.diagnoses
),

typed AS (
    SELECT
        *,
        lower(code_system_text) AS code_system,
        as_date(recorded_date_text, $zone) AS recorded_date,
        as_date(resolved_date_text, $zone) AS resolved_date,
        as_boolean(deleted_text) AS deleted
    FROM sent
)

SELECT
    t.diagnosis_id,
    t.patient_id,
    t.code,
    t.code_system,
    t.name,
    t.recorded_date,
    t.resolved_date,
    t.encounter_id,
    t.file,
    t.line,
    t.deleted,
    faults_of(
        [
            fault('diagnosis_id', t.diagnosis_id, 'required value missing', t.diagnosis_id IS NULL),
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
                t.code_system NOT IN ('icd10cm', 'icd9cm', 'snomed')
            ),
            fault('recorded_date', t.recorded_date_text, 'required value missing', t.recorded_date_text IS NULL),
            fault(
                'recorded_date', t.recorded_date_text, 'unparseable date',
                unread(t.recorded_date_text, t.recorded_date)
            ),
            fault('recorded_date', t.recorded_date_text, 'before birth', t.recorded_date < p.birth_date - 1),
            fault('recorded_date', t.recorded_date_text, 'after the extract', t.recorded_date > $extracted_on + 1),
            fault(
                'resolved_date', t.resolved_date_text, 'unparseable date',
                unread(t.resolved_date_text, t.resolved_date)
            ),
            fault('resolved_date', t.resolved_date_text, 'start after end', t.resolved_date < t.recorded_date),
            fault('deleted', t.deleted_text, 'unknown value', unread(t.deleted_text, t.deleted))
        ],
        t.deleted,
        'diagnosis_id'
    ) AS faults
FROM typed AS t
LEFT JOIN extracts.patients AS p ON t.patient_id = p.patient_id
LEFT JOIN staging.patients_quarantined AS q ON t.patient_id = q.patient_id
