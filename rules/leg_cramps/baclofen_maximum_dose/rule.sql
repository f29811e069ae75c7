-- Courses of oral baclofen, each with its highest daily dose against the limit for cramps and the limit for anybody.
WITH
courses AS (
    SELECT * FROM facts.exposures
    WHERE ingredient = 'baclofen' AND route_group = 'oral' AND start_date <= $horizon
),

steps AS (SELECT * FROM facts.dose_steps WHERE start_date <= $horizon),

spasticity AS (SELECT * FROM facts.spasticity WHERE day <= $horizon),

feeds AS (SELECT * FROM facts.feeds WHERE feed = 'diagnoses'),

first_spasticity AS (
    SELECT *
    FROM spasticity
    QUALIFY row_number() OVER (PARTITION BY patient_id ORDER BY day, feed, row_id, because) = 1
),

limits AS (
    SELECT
        c.exposure_id,
        s.day AS spastic_since,
        s.because AS spastic_because,
        source_row(s.feed, s.row_id) AS spastic_source,
        f.present AS are_diagnoses_seen,
        s.patient_id IS NULL AND NOT f.present AS is_indication_hidden,
        if(s.patient_id IS NULL AND f.present, $cramp_limit_mg, $ceiling_mg) AS limit_mg
    FROM courses AS c
    CROSS JOIN feeds AS f
    LEFT JOIN first_spasticity AS s ON c.patient_id = s.patient_id
),

compared_steps AS (
    SELECT
        s.*,
        s.daily_dose_mg > l.limit_mg AS is_above,
        -- What may be taken as needed lowers nothing that the fixed dose alone makes.
        s.fixed_daily_mg > l.limit_mg OR (s.daily_dose_mg > l.limit_mg AND NOT s.as_needed) AS is_fixed_above
    FROM steps AS s
    JOIN limits AS l USING (exposure_id)
),

highest_steps AS (
    SELECT *
    FROM compared_steps
    QUALIFY row_number() OVER (
            PARTITION BY exposure_id ORDER BY daily_dose_mg DESC NULLS LAST, as_needed, start_date
        ) = 1
),

doses AS (
    SELECT
        exposure_id,
        min(start_date) FILTER (WHERE is_above) AS above_on,
        bool_or(is_fixed_above) AS is_fixed_above,
        bool_or(daily_dose_mg IS NULL) AS is_unknown
    FROM compared_steps
    GROUP BY exposure_id
),

judged AS (
    SELECT
        c.*,
        l.*,
        d.*,
        h.daily_dose_mg AS highest_mg,
        h.start_date AS highest_day,
        h.as_needed AS is_as_needed,
        h.is_range,
        CASE
            WHEN h.daily_dose_mg > $ceiling_mg THEN concat('above ', $ceiling_mg, ' mg/day')
            WHEN h.is_above THEN concat('above ', $cramp_limit_mg, ' mg/day without spasticity')
            WHEN l.is_indication_hidden AND h.daily_dose_mg > $cramp_limit_mg
                THEN concat('above ', $cramp_limit_mg, ' mg/day, and diagnoses were not delivered')
            WHEN d.is_unknown THEN 'dose unknown'
            WHEN l.spastic_since IS NULL THEN concat('never above ', $cramp_limit_mg, ' mg/day')
            ELSE concat('spasticity, and never above ', $ceiling_mg, ' mg/day')
        END AS reason,
        CASE
            WHEN h.is_above THEN 'finding'
            WHEN l.is_indication_hidden AND h.daily_dose_mg > $cramp_limit_mg THEN 'not_evaluable'
            WHEN d.is_unknown THEN 'not_evaluable'
            ELSE 'clear'
        END AS outcome
    FROM courses AS c
    JOIN limits AS l USING (exposure_id)
    JOIN doses AS d USING (exposure_id)
    JOIN highest_steps AS h USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    coalesce(above_on, start_date) AS index_date,
    outcome,
    if(is_fixed_above, 'high', 'moderate') AS severity,
    reason,
    end_date AS active_until,
    list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        if(spastic_since IS NULL, [], [spastic_source])
    ) AS sources,
    coalesce(first_drug_name, 'baclofen') AS drug_name,
    highest_mg,
    highest_day,
    concat(
        if(is_as_needed, ' (with what may be taken as needed)', ''),
        if(is_range, ' (the most of a range)', '')
    ) AS how_taken,
    if(
        highest_mg > $ceiling_mg,
        concat('the ', $ceiling_mg, ' mg/day that nobody should exceed, whatever the indication'),
        concat('the ', $cramp_limit_mg, ' mg/day for cramps')
    ) AS limit_told,
    CASE
        WHEN spastic_since IS NOT NULL
            THEN concat('; spasticity on record since ', spastic_since, ': ', spastic_because)
        WHEN are_diagnoses_seen THEN ', and no spasticity is on record'
        ELSE ''
    END AS spasticity,
    if(is_indication_hidden, ' Diagnoses were not delivered, so spasticity could not be looked for.', '') AS not_seen
FROM judged
