-- Courses of cyclobenzaprine by mouth, each with the cramps and the acute muscle spasms recorded around its start.
WITH
courses AS (
    SELECT
        *,
        start_date - $window_days AS window_start,
        start_date + $window_days AS window_end
    FROM facts.exposures
    WHERE ingredient = 'cyclobenzaprine' AND route_group IN ('oral', 'unknown') AND start_date <= $horizon
),

cramps AS (
    SELECT * FROM facts.cramp_evidence SEMI JOIN courses USING (patient_id)
    WHERE tier IN ('A', 'B') AND day <= $horizon
),

conditions AS (SELECT * FROM facts.conditions SEMI JOIN courses USING (patient_id)),

indications AS (SELECT * FROM facts.indications SEMI JOIN courses USING (patient_id)),

feeds AS (SELECT * FROM facts.feeds WHERE feed = 'diagnoses'),

spasms AS (
    SELECT patient_id, day, name, code, 'diagnoses' AS feed, row_id
    FROM conditions
    WHERE condition = 'acute_musculoskeletal_spasm' AND day <= $horizon
    UNION ALL
    SELECT patient_id, day, words AS name, code, 'prescriptions' AS feed, row_id
    FROM indications
    WHERE condition = 'acute_musculoskeletal_spasm' AND day <= $horizon
),

-- Of several the nearest to the start is told.
nearest_cramps AS (
    SELECT
        c.exposure_id,
        r.day,
        r.because,
        source_row(r.feed, r.row_id) AS source,
        min(r.day) OVER (PARTITION BY c.exposure_id) AS first_day
    FROM courses AS c
    JOIN cramps AS r
        ON c.patient_id = r.patient_id
            AND r.day BETWEEN c.window_start AND c.window_end
    QUALIFY row_number() OVER (
            PARTITION BY c.exposure_id
            ORDER BY abs(r.day - c.start_date), r.tier, r.day, r.because, r.feed, r.row_id
        ) = 1
),

nearest_spasms AS (
    SELECT
        c.exposure_id,
        concat(s.name, ' (', s.code, ') on ', s.day) AS spasm,
        source_row(s.feed, s.row_id) AS source
    FROM courses AS c
    JOIN spasms AS s
        ON c.patient_id = s.patient_id
            AND s.day BETWEEN c.window_start AND c.window_end
    QUALIFY row_number() OVER (
            PARTITION BY c.exposure_id
            ORDER BY abs(s.day - c.start_date), s.day, s.code, s.feed, s.row_id
        ) = 1
),

judged AS (
    SELECT
        c.*,
        r.day AS cramp_on,
        r.because AS cramp,
        r.first_day,
        s.spasm,
        [r.source, s.source] AS record_sources,
        f.present AS are_diagnoses_seen,
        CASE
            WHEN s.exposure_id IS NOT NULL THEN 'acute spasm or strain'
            WHEN r.exposure_id IS NOT NULL THEN 'cramps and no acute spasm or strain'
            WHEN c.window_end > $horizon THEN 'the window is not over'
            WHEN NOT f.present THEN 'no cramps in prescriptions, and diagnoses not delivered'
            ELSE 'no cramps on record'
        END AS reason
    FROM courses AS c
    CROSS JOIN feeds AS f
    LEFT JOIN nearest_cramps AS r USING (exposure_id)
    LEFT JOIN nearest_spasms AS s USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    start_date AS index_date,
    CASE reason
        WHEN 'cramps and no acute spasm or strain' THEN 'finding'
        WHEN 'the window is not over' THEN 'pending'
        WHEN 'no cramps in prescriptions, and diagnoses not delivered' THEN 'not_evaluable'
        ELSE 'clear'
    END AS outcome,
    if(length_days > $long_days, 'moderate', 'low') AS severity,
    reason,
    end_date AS active_until,
    greatest(start_date, first_day) AS judged_from,
    -- Distinct values leave out what is not there.
    list_distinct(list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)), record_sources
    )) AS sources,
    coalesce(first_drug_name, ingredient) AS drug_name,
    start_date,
    end_date,
    length_days,
    concat(length_days, if(length_days = 1, ' day', ' days')) AS length_told,
    cramp_on,
    cramp,
    spasm,
    if(length_days > $long_days, concat('; moderate because it lasts more than ', $long_days, ' days'), '') AS long_told,
    window_start,
    least(window_end, $horizon) AS looked_until,
    if(are_diagnoses_seen, '', '; diagnoses not delivered: an acute spasm or strain may have been missed') AS unseen
FROM judged
