-- One dialysis session.
-- The limits of the readings are wide: what lies outside is a slip of the pen, not a rare patient.
-- session_id*: id of the session
-- patient_id*: who was dialysed
-- started_at*: when it began, in the site's zone; up to one day before the birth or after the extract
-- ended_at: when it ended, not before it began; planned for a year ahead at most, since a
--   later one (9999-12-31) only says that nobody knows
-- modality: kind of dialysis, as written
-- dialysate_sodium_start: sodium of the dialysate at the start, 100 to 180 mmol/L
-- dialysate_sodium_end: sodium of the dialysate at the end, 100 to 180 mmol/L
-- dialysate_buffer: bicarbonate or acetate
-- dialysate_temperature: temperature of the dialysate, 30 to 42 degrees Celsius
-- dry_weight_kg: prescribed dry weight, 1 to 500 kg
-- pre_weight_kg: weight before, 1 to 500 kg
-- post_weight_kg: weight after, 1 to 500 kg
-- pre_systolic: systolic blood pressure before, 30 to 350 mmHg
-- cramps: whether there were cramps, NULL when nobody said either way
-- hypotension: whether there was hypotension, NULL when nobody said either way
-- file: file of the extract
-- line: line of the file on which the row starts
-- deleted: whether the row asks for its record to be removed
-- faults: what is wrong with the row, as {column_name, value, reason}; NULL when nothing is
WITH
sent AS (
    SELECT
        clean_text(session_id) AS session_id,
        clean_text(patient_id) AS patient_id,
        clean_text(started_at) AS started_at_text,
        clean_text(ended_at) AS ended_at_text,
        clean_text(modality) AS modality,
        clean_text(dialysate_sodium_start) AS dialysate_sodium_start_text,
        clean_text(dialysate_sodium_end) AS dialysate_sodium_end_text,
        clean_text(dialysate_buffer) AS dialysate_buffer_text,
        clean_text(dialysate_temperature) AS dialysate_temperature_text,
        clean_text(dry_weight_kg) AS dry_weight_kg_text,
        clean_text(pre_weight_kg) AS pre_weight_kg_text,
        clean_text(post_weight_kg) AS post_weight_kg_text,
        clean_text(pre_systolic) AS pre_systolic_text,
        clean_text(cramps) AS cramps_text,
        clean_text(hypotension) AS hypotension_text,
        clean_text(deleted) AS deleted_text,
        file,
        line
    FROM source.dialysis_sessions
),

typed AS (
    SELECT
        *,
        as_timestamp(started_at_text, $zone) AS started_at,
        as_timestamp(ended_at_text, $zone) AS ended_at,
        as_number(dialysate_sodium_start_text) AS dialysate_sodium_start,
        as_number(dialysate_sodium_end_text) AS dialysate_sodium_end,
        lower(dialysate_buffer_text) AS dialysate_buffer,
        as_number(dialysate_temperature_text) AS dialysate_temperature,
        as_number(dry_weight_kg_text) AS dry_weight_kg,
        as_number(pre_weight_kg_text) AS pre_weight_kg,
        as_number(post_weight_kg_text) AS post_weight_kg,
        as_number(pre_systolic_text) AS pre_systolic,
        as_boolean(cramps_text) AS cramps,
        as_boolean(hypotension_text) AS hypotension,
        as_boolean(deleted_text) AS deleted
    FROM sent
)

SELECT
    t.session_id,
    t.patient_id,
    t.started_at,
    t.ended_at,
    t.modality,
    t.dialysate_sodium_start,
    t.dialysate_sodium_end,
    t.dialysate_buffer,
    t.dialysate_temperature,
    t.dry_weight_kg,
    t.pre_weight_kg,
    t.post_weight_kg,
    t.pre_systolic,
    t.cramps,
    t.hypotension,
    t.file,
    t.line,
    t.deleted,
    faults_of(
        [
            fault('session_id', t.session_id, 'required value missing', t.session_id IS NULL),
            fault('patient_id', t.patient_id, 'required value missing', t.patient_id IS NULL),
            fault(
                'patient_id', t.patient_id, 'unknown patient',
                t.patient_id IS NOT NULL AND p.patient_id IS NULL AND q.patient_id IS NULL
            ),
            fault(
                'patient_id', t.patient_id, 'unknown patient (its patients row is quarantined)',
                p.patient_id IS NULL AND q.patient_id IS NOT NULL
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
            fault(
                'dialysate_sodium_start', t.dialysate_sodium_start_text, 'unparseable number',
                unread(t.dialysate_sodium_start_text, t.dialysate_sodium_start)
            ),
            fault(
                'dialysate_sodium_start', t.dialysate_sodium_start_text, 'out of range',
                t.dialysate_sodium_start NOT BETWEEN 100 AND 180
            ),
            fault(
                'dialysate_sodium_end', t.dialysate_sodium_end_text, 'unparseable number',
                unread(t.dialysate_sodium_end_text, t.dialysate_sodium_end)
            ),
            fault(
                'dialysate_sodium_end', t.dialysate_sodium_end_text, 'out of range',
                t.dialysate_sodium_end NOT BETWEEN 100 AND 180
            ),
            fault(
                'dialysate_buffer', t.dialysate_buffer_text, 'unknown value',
                t.dialysate_buffer NOT IN ('bicarbonate', 'acetate')
            ),
            fault(
                'dialysate_temperature', t.dialysate_temperature_text, 'unparseable number',
                unread(t.dialysate_temperature_text, t.dialysate_temperature)
            ),
            fault(
                'dialysate_temperature', t.dialysate_temperature_text, 'out of range',
                t.dialysate_temperature NOT BETWEEN 30 AND 42
            ),
            fault(
                'dry_weight_kg', t.dry_weight_kg_text, 'unparseable number',
                unread(t.dry_weight_kg_text, t.dry_weight_kg)
            ),
            fault('dry_weight_kg', t.dry_weight_kg_text, 'out of range', t.dry_weight_kg NOT BETWEEN 1 AND 500),
            fault(
                'pre_weight_kg', t.pre_weight_kg_text, 'unparseable number',
                unread(t.pre_weight_kg_text, t.pre_weight_kg)
            ),
            fault('pre_weight_kg', t.pre_weight_kg_text, 'out of range', t.pre_weight_kg NOT BETWEEN 1 AND 500),
            fault(
                'post_weight_kg', t.post_weight_kg_text, 'unparseable number',
                unread(t.post_weight_kg_text, t.post_weight_kg)
            ),
            fault('post_weight_kg', t.post_weight_kg_text, 'out of range', t.post_weight_kg NOT BETWEEN 1 AND 500),
            fault(
                'pre_systolic', t.pre_systolic_text, 'unparseable number',
                unread(t.pre_systolic_text, t.pre_systolic)
            ),
            fault('pre_systolic', t.pre_systolic_text, 'out of range', t.pre_systolic NOT BETWEEN 30 AND 350),
            fault('cramps', t.cramps_text, 'unknown value', unread(t.cramps_text, t.cramps)),
            fault('hypotension', t.hypotension_text, 'unknown value', unread(t.hypotension_text, t.hypotension)),
            fault('deleted', t.deleted_text, 'unknown value', unread(t.deleted_text, t.deleted))
        ],
        t.deleted,
        'session_id'
    ) AS faults
FROM typed AS t
LEFT JOIN extracts.patients AS p ON t.patient_id = p.patient_id
LEFT JOIN staging.patients_quarantined AS q ON t.patient_id = q.patient_id
