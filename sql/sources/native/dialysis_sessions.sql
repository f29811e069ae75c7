-- The project's own format: every column has its name already.
-- needs: dialysis_sessions.session_id, dialysis_sessions.patient_id, dialysis_sessions.started_at
SELECT
    session_id,
    patient_id,
    started_at,
    ended_at,
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
    deleted,
    file,
    line
FROM raw.dialysis_sessions
