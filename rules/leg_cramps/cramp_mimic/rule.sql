-- Courses of a cramp drug, each with the diseases on record that pass for cramps and whether cramps are on record as well.
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

spasticity AS (SELECT * FROM facts.spasticity WHERE day <= $horizon),

evidence AS (SELECT * FROM facts.cramp_evidence SEMI JOIN drugs USING (patient_id) WHERE day <= $horizon),

conditions AS (SELECT * FROM facts.conditions SEMI JOIN drugs USING (patient_id) WHERE day <= $horizon),

indications AS (SELECT * FROM facts.indications SEMI JOIN drugs USING (patient_id) WHERE day <= $horizon),

look_alikes (condition, wording) AS (
    VALUES
    ('restless_legs', 'restless legs'),
    ('claudication_pad', 'claudication or peripheral arterial disease'),
    ('myositis_myopathy', 'myositis or myopathy'),
    ('peripheral_neuropathy', 'peripheral neuropathy')
),

cramps AS (SELECT * FROM evidence WHERE tier IN ('A', 'B')),

quinine_for_cramps AS (SELECT patient_id, row_id FROM evidence WHERE tier = 'C'),

cramp_drugs AS (
    SELECT *
    FROM drugs
    WHERE ingredient IN ('cyclobenzaprine', 'magnesium')
    UNION ALL
    SELECT *
    FROM drugs
    ANTI JOIN spasticity USING (patient_id)
    WHERE ingredient = 'baclofen'
    UNION ALL
    SELECT d.*
    FROM drugs AS d
    SEMI JOIN quinine_for_cramps AS q ON d.patient_id = q.patient_id AND list_contains(d.prescription_ids, q.row_id)
    WHERE d.ingredient = 'quinine'
),

courses AS (
    SELECT
        *,
        start_date + $mimic_days AS window_end,
        start_date - $cramp_days AS cramps_from,
        least(start_date + $cramp_days, $horizon) AS cramps_to
    FROM cramp_drugs
),

cramping_courses AS (
    SELECT c.exposure_id, source_row(r.feed, r.row_id) AS source
    FROM courses AS c
    JOIN cramps AS r ON c.patient_id = r.patient_id AND r.day BETWEEN c.cramps_from AND c.cramps_to
    QUALIFY row_number() OVER (PARTITION BY c.exposure_id ORDER BY r.day DESC, r.feed, r.row_id) = 1
),

records AS (
    SELECT patient_id, condition, day, code AS told, source_row('diagnoses', row_id) AS source
    FROM conditions
    SEMI JOIN look_alikes USING (condition)
    UNION ALL
    SELECT patient_id, condition, day, concat('indication ', code), source_row('prescriptions', row_id)
    FROM indications
    SEMI JOIN look_alikes USING (condition)
),

mimics AS (
    SELECT
        c.exposure_id,
        r.day,
        concat(l.wording, ' (', r.told, ' on ', r.day, ')') AS told,
        r.source
    FROM courses AS c
    JOIN records AS r
        ON c.patient_id = r.patient_id
            AND r.day BETWEEN c.start_date - $mimic_days AND c.window_end
    JOIN look_alikes AS l USING (condition)
    QUALIFY row_number() OVER (PARTITION BY c.exposure_id, l.wording ORDER BY r.day, r.told, r.source) = 1
),

mimicked_courses AS (
    SELECT
        exposure_id,
        min(day) AS day,
        string_agg(told, ', ' ORDER BY day, told) AS mimics,
        list(source) AS sources
    FROM mimics
    GROUP BY exposure_id
),

judged AS (
    SELECT
        c.*,
        m.mimics,
        m.sources AS mimic_sources,
        r.source AS cramp_source,
        CASE
            WHEN r.source IS NOT NULL THEN c.start_date
            ELSE greatest(c.start_date, m.day)
        END AS index_date,
        CASE
            WHEN r.source IS NOT NULL THEN 'clear'
            WHEN m.mimics IS NOT NULL THEN 'finding'
            WHEN c.window_end > $horizon THEN 'pending'
            ELSE 'clear'
        END AS outcome
    FROM courses AS c
    LEFT JOIN mimicked_courses AS m USING (exposure_id)
    LEFT JOIN cramping_courses AS r USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    index_date,
    outcome,
    'info' AS severity,
    CASE
        WHEN cramp_source IS NOT NULL THEN 'cramps on record'
        WHEN outcome = 'finding' THEN 'a look-alike and no cramp on record'
        WHEN outcome = 'pending' THEN 'window still open'
        ELSE 'no look-alike in the window'
    END AS reason,
    end_date AS active_until,
    list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        coalesce(mimic_sources, []),
        if(cramp_source IS NULL, [], [cramp_source])
    ) AS sources,
    ingredient AS drug,
    coalesce(first_drug_name, ingredient) AS drug_name,
    start_date,
    end_date,
    mimics,
    cramps_from,
    cramps_to,
    window_end
FROM judged
