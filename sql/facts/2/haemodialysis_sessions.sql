-- One haemodialysis session, with what it and the sessions just before it record: the last $counted_sessions sessions, as far as
-- they began within $counted_days days. Sessions whose modality names peritoneal dialysis are not here; those without one are.
-- row_id: session_id of the extract
-- patient_id: who was dialysed
-- started_at: when it began
-- started_on: date of the beginning
-- dialysate_sodium_start: sodium of the dialysate at the start, mmol/L
-- dialysate_sodium_end: sodium of the dialysate at the end, mmol/L
-- dialysate_buffer: bicarbonate or acetate
-- dialysate_temperature: temperature of the dialysate, degrees Celsius
-- dry_weight_kg: prescribed dry weight, kg
-- pre_systolic: systolic blood pressure before, mmHg
-- cramps: whether cramps were recorded, NULL when nobody said either way
-- hypotension: whether hypotension was recorded, NULL when nobody said either way
-- counted_from: date of the first session that counts
-- counted_ids: the sessions that count, this one among them, in order of time
-- sessions_with_cramps: how many of them had cramps
-- sessions_asked_of_cramps: how many of them record cramps either way
-- sessions_with_hypotension: how many of them had hypotension
-- sessions_asked_of_hypotension: how many of them record hypotension either way
WITH
dialysis_sessions AS (SELECT * FROM facts.dialysis_sessions),

haemodialysis AS (
    SELECT * FROM dialysis_sessions
    WHERE NOT regexp_matches(coalesce(lower(modality), ''), '(^|[^a-z])(peritoneal|pd|apd|capd|ccpd|ipd|nipd)([^a-z]|$)')
),

preceded AS (
    SELECT
        *,
        list({'row_id': row_id, 'day': started_on, 'cramps': cramps, 'hypotension': hypotension}) OVER (
            PARTITION BY patient_id
            ORDER BY started_at, row_id
            ROWS BETWEEN $counted_sessions - 1 PRECEDING AND CURRENT ROW
        ) AS latest
    FROM haemodialysis
),

counted AS (
    SELECT
        *,
        list_filter(latest, lambda s: s.day >= started_on - cast($counted_days AS INTEGER)) AS counted
    FROM preceded
)

SELECT
    row_id,
    patient_id,
    started_at,
    started_on,
    dialysate_sodium_start,
    dialysate_sodium_end,
    dialysate_buffer,
    dialysate_temperature,
    dry_weight_kg,
    pre_systolic,
    cramps,
    hypotension,
    counted[1].day AS counted_from,
    list_transform(counted, lambda s: s.row_id) AS counted_ids,
    len(list_filter(counted, lambda s: s.cramps)) AS sessions_with_cramps,
    len(list_filter(counted, lambda s: s.cramps IS NOT NULL)) AS sessions_asked_of_cramps,
    len(list_filter(counted, lambda s: s.hypotension)) AS sessions_with_hypotension,
    len(list_filter(counted, lambda s: s.hypotension IS NOT NULL)) AS sessions_asked_of_hypotension
FROM counted
