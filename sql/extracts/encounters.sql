-- One encounter of a patient with the hospital.
-- encounter_id*: id of the encounter
-- patient_id*: who was seen
-- class*: inpatient, emergency, outpatient or virtual
-- started_at*: when it began, in the site's zone; up to one day before the birth or after the extract
-- ended_at: when it ended, not before it began; planned for a year ahead at most, since a
--   later one (9999-12-31) only says that nobody knows; NULL while it lasts
-- facility_id: where
-- file: file of the extract
-- line: line of the file on which the row starts
-- deleted: whether the row asks for its record to be removed
-- faults: what is wrong with the row, as {column_name, value, reason}; NULL when nothing is
WITH
sent AS (
    SELECT
        clean_text(encounter_id) AS encounter_id,
        clean_text(patient_id) AS patient_id,
        clean_text(class) AS class_text,
        clean_text(started_at) AS started_at_text,
        clean_text(ended_at) AS ended_at_text,
        clean_text(facility_id) AS facility_id,
        clean_text(deleted) AS deleted_text,
        file,
        line
    FROM source.encounters
),

typed AS (
    SELECT
        *,
        lower(class_text) AS class,
        as_timestamp(started_at_text, $zone) AS started_at,
        as_timestamp(ended_at_text, $zone) AS ended_at,
        as_boolean(deleted_text) AS deleted
    FROM sent
)

SELECT
    t.encounter_id,
    t.patient_id,
    t.class,
    t.started_at,
    t.ended_at,
    t.facility_id,
    t.file,
    t.line,
    t.deleted,
    faults_of(
        [
            fault('encounter_id', t.encounter_id, 'required value missing', t.encounter_id IS NULL),
            fault('patient_id', t.patient_id, 'required value missing', t.patient_id IS NULL),
            fault(
                'patient_id', t.patient_id, 'unknown patient',
                t.patient_id IS NOT NULL AND p.patient_id IS NULL AND q.patient_id IS NULL
            ),
            fault(
                'patient_id', t.patient_id, 'unknown patient (its patients row is quarantined)',
                p.patient_id IS NULL AND q.patient_id IS NOT NULL
            ),
            fault('class', t.class_text, 'required value missing', t.class_text IS NULL),
            fault(
                'class', t.class_text, 'unknown value',
                t.class NOT IN ('inpatient', 'emergency', 'outpatient', 'virtual')
            ),
            fault('started_at', t.started_at_text, 'required value missing', t.started_at_text IS NULL),
            fault('started_at', t.started_at_text, 'unparseable date', unread(t.started_at_text, t.started_at)),
            fault('started_at', t.started_at_text, 'before birth', CAST(t.started_at AS DATE) < p.birth_date - 1),
            fault('started_at', t.started_at_text, 'after the extract', CAST(t.started_at AS DATE) > $extracted_on + 1),
            fault('ended_at', t.ended_at_text, 'unparseable date', unread(t.ended_at_text, t.ended_at)),
            fault('ended_at', t.ended_at_text, 'after the extract', CAST(t.ended_at AS DATE) > $extracted_on + 366),
            fault(
                'ended_at', t.ended_at_text, 'start after end',
                ends_before(t.ended_at_text, t.ended_at, t.started_at_text, t.started_at)
            ),
            fault('deleted', t.deleted_text, 'unknown value', unread(t.deleted_text, t.deleted))
        ],
        t.deleted,
        'encounter_id'
    ) AS faults
FROM typed AS t
LEFT JOIN extracts.patients AS p ON t.patient_id = p.patient_id
LEFT JOIN staging.patients_quarantined AS q ON t.patient_id = q.patient_id
