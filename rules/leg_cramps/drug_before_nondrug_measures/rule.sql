-- The first course of a cramp drug of each patient, with the physiotherapy, stretching or exercise education that came before it.
WITH
drugs AS (
    SELECT * FROM facts.exposures
    WHERE
        start_date <= $horizon
        AND (
            (ingredient = 'quinine' AND route_group NOT IN ('topical', 'vaginal', 'ophthalmic'))
            OR (ingredient = 'baclofen' AND route_group = 'oral')
            OR (ingredient = 'cyclobenzaprine' AND route_group IN ('oral', 'unknown'))
            OR (
                ingredient = 'magnesium'
                AND (route_group, product_class) IN (('oral', 'supplement'), ('unknown', 'supplement'))
            )
        )
),

cramps AS (SELECT * FROM facts.cramp_evidence WHERE day <= $horizon),

measures AS (SELECT * FROM facts.procedures WHERE procedure = 'pt_stretching_exercise'),

feeds AS (SELECT * FROM facts.feeds),

-- Quinine without an antimalarial reason is cramp evidence of tier C itself: it speaks for its own course only.
courses AS (
    SELECT
        d.*,
        d.start_date - $measure_days AS window_start,
        c.tier,
        c.day AS cramp_day,
        concat(c.because, ' on ', c.day) AS basis,
        source_row(c.feed, c.row_id) AS cramp_source
    FROM drugs AS d
    JOIN cramps AS c
        ON d.patient_id = c.patient_id
            AND c.day BETWEEN d.start_date - $cramp_days_before AND d.start_date + $cramp_days_after
    WHERE c.tier <> 'C' OR list_contains(d.prescription_ids, c.row_id)
),

first_courses AS (
    SELECT *
    FROM courses
    QUALIFY row_number() OVER (
            PARTITION BY patient_id ORDER BY start_date, exposure_id, tier, cramp_day DESC, basis, cramp_source
        ) = 1
),

latest_measures AS (
    SELECT f.exposure_id, m.day, m.row_id, concat(m.name, ' on ', m.day) AS told
    FROM first_courses AS f
    JOIN measures AS m ON f.patient_id = m.patient_id AND m.day <= f.start_date
    QUALIFY row_number() OVER (PARTITION BY f.exposure_id ORDER BY m.day DESC, m.row_id) = 1
),

unseen AS (
    SELECT if(present, '', '; diagnoses not delivered: coded cramps and malaria could not be seen') AS unseen
    FROM feeds
    WHERE feed = 'diagnoses'
),

judged AS (
    SELECT
        f.*,
        m.row_id AS measure_id,
        m.told,
        u.unseen,
        coalesce(m.day >= f.window_start, FALSE) AS is_preceded
    FROM first_courses AS f
    CROSS JOIN unseen AS u
    LEFT JOIN latest_measures AS m USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    start_date AS index_date,
    if(is_preceded, 'clear', 'finding') AS outcome,
    'info' AS severity,
    if(is_preceded, 'measure without drugs on record', 'no measure without drugs on record') AS reason,
    end_date AS active_until,
    list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        [cramp_source],
        if(is_preceded, [source_row('procedures', measure_id)], [])
    ) AS sources,
    ingredient AS drug,
    coalesce(first_drug_name, ingredient) AS drug_name,
    start_date,
    basis,
    window_start,
    if(is_preceded, told, NULL) AS measure,
    coalesce('the latest before is ' || told, 'none before') AS last_measure,
    unseen
FROM judged
