-- Haemodialysis sessions, each with its buffer.
WITH
sessions AS (SELECT * FROM facts.haemodialysis_sessions WHERE started_on <= $horizon)

SELECT
    row_id AS unit_id,
    patient_id,
    started_on AS index_date,
    CASE dialysate_buffer
        WHEN 'acetate' THEN 'finding'
        WHEN 'bicarbonate' THEN 'clear'
        ELSE 'not_evaluable'
    END AS outcome,
    'low' AS severity,
    coalesce(dialysate_buffer || ' dialysate', 'no buffer recorded') AS reason,
    CAST(NULL AS DATE) AS active_until,
    [source_row('dialysis_sessions', row_id)] AS sources,
    started_on AS index_day,
    dialysate_buffer,
    CASE
        WHEN cramps AND hypotension THEN ', with cramps and hypotension'
        WHEN cramps THEN ', with cramps'
        WHEN hypotension THEN ', with hypotension'
        ELSE ''
    END AS trouble
FROM sessions
