-- Months of haemodialysis patients with recurrent cramps, each with the sodium profile of the dialysate.
WITH
sessions AS (SELECT * FROM facts.haemodialysis_sessions WHERE started_on <= $horizon),

last_sessions AS (
    SELECT
        *,
        concat(patient_id, '|', strftime(started_on, '%Y-%m')) AS unit_id
    FROM sessions
    QUALIFY row_number() OVER (PARTITION BY unit_id ORDER BY started_at DESC, row_id DESC) = 1
),

months AS (
    SELECT * FROM last_sessions
    WHERE sessions_with_cramps >= $cramp_sessions AND sessions_asked_of_cramps >= $asked_sessions
),

counted_sessions AS (
    SELECT unit_id, unnest(counted_ids) AS row_id
    FROM months
),

profiles AS (
    SELECT
        row_id,
        started_at,
        dialysate_sodium_start,
        dialysate_sodium_end,
        CASE
            WHEN dialysate_sodium_start < $high_sodium THEN concat('below ', spoken($high_sodium))
            WHEN dialysate_sodium_end < dialysate_sodium_start THEN concat(spoken($high_sodium), ' or more, ramped down')
            WHEN dialysate_sodium_end >= dialysate_sodium_start THEN concat(spoken($high_sodium), ' or more throughout')
        END AS profile
    FROM sessions
    WHERE dialysate_sodium_start IS NOT NULL
),

month_profiles AS (
    SELECT
        c.unit_id,
        p.profile,
        p.dialysate_sodium_start,
        p.dialysate_sodium_end
    FROM counted_sessions AS c
    JOIN profiles AS p USING (row_id)
    QUALIFY row_number() OVER (PARTITION BY c.unit_id ORDER BY p.profile IS NULL, p.started_at DESC, p.row_id DESC) = 1
)

SELECT
    m.unit_id,
    m.patient_id,
    m.started_on AS index_date,
    if(p.profile IS NULL, 'not_evaluable', 'clear') AS outcome,
    CAST(NULL AS VARCHAR) AS severity,
    CASE
        WHEN p.profile IS NOT NULL THEN concat('dialysate sodium ', p.profile)
        WHEN p.dialysate_sodium_start IS NOT NULL THEN 'no dialysate sodium recorded for the end'
        ELSE 'no dialysate sodium recorded'
    END AS reason,
    CAST(NULL AS DATE) AS active_until,
    list_transform(m.counted_ids, lambda id: source_row('dialysis_sessions', id)) AS sources,
    m.sessions_with_cramps,
    m.sessions_asked_of_cramps AS sessions_asked,
    m.started_on AS last_session,
    p.profile,
    p.dialysate_sodium_start AS sodium_start,
    p.dialysate_sodium_end AS sodium_end
FROM months AS m
LEFT JOIN month_profiles AS p USING (unit_id)
