-- One row per dialysis session, as recorded.
-- row_id: session_id of the extract
-- patient_id: who was dialysed
-- started_at: when it began
-- ended_at: when it ended
-- started_on: date of the beginning
-- modality: kind of dialysis as sent
-- dialysate_sodium_start: sodium of the dialysate at the start, mmol/L
-- dialysate_sodium_end: sodium of the dialysate at the end, mmol/L
-- dialysate_buffer: bicarbonate or acetate
-- dialysate_temperature: temperature of the dialysate, degrees Celsius
-- dry_weight_kg: prescribed dry weight, kg
-- pre_weight_kg: weight before, kg
-- post_weight_kg: weight after, kg
-- pre_systolic: systolic blood pressure before, mmHg
-- cramps: whether cramps were recorded, NULL when nobody said either way
-- hypotension: whether hypotension was recorded, NULL when nobody said either way
-- file: file of the extract
-- line: line of the file
WITH
dialysis_sessions AS (SELECT * FROM extracts.dialysis_sessions)

SELECT
    session_id AS row_id,
    patient_id,
    started_at,
    ended_at,
    cast(started_at AS DATE) AS started_on,
    modality,
    dialysate_sodium_start,
    dialysate_sodium_end,
    dialysate_buffer,
    dialysate_temperature,
    dry_weight_kg,
    pre_weight_kg,
    post_weight_kg,
    pre_systolic,
    cramps,
    hypotension,
    file,
    line
FROM dialysis_sessions
