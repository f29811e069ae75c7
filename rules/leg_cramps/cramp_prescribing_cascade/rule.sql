-- Courses of a drug that causes cramps, each with the drugs against cramps that were started during its first months.
WITH
courses AS (
    SELECT
        *,
        least(start_date + $window_days, end_date) AS window_to
    FROM facts.exposures
    WHERE
        start_date <= $horizon
        AND (
            ingredient IN ('iron sucrose', 'raloxifene', 'teriparatide')
            OR (ingredient = 'conjugated estrogens' AND route_group = 'oral')
            OR (ingredient = 'naproxen' AND route_group NOT IN ('topical', 'ophthalmic'))
        )
),

cramp_drugs AS (
    SELECT * FROM facts.exposures
    WHERE
        start_date <= $horizon
        AND (
            (ingredient = 'quinine' AND route_group NOT IN ('topical', 'vaginal', 'ophthalmic'))
            OR (ingredient IN ('baclofen', 'cyclobenzaprine') AND route_group IN ('oral', 'unknown'))
            OR (ingredient = 'magnesium' AND route_group IN ('oral', 'unknown') AND product_class = 'supplement')
        )
),

deficiency_orders AS (SELECT * FROM facts.indications WHERE condition = 'hypomagnesemia' AND day <= $horizon),

spasticity AS (SELECT * FROM facts.spasticity WHERE day <= $horizon),

low_magnesium AS (SELECT * FROM facts.conditions WHERE condition = 'hypomagnesemia' AND day <= $horizon),

feeds AS (SELECT * FROM facts.feeds WHERE feed = 'diagnoses'),

explained_starts AS (
    SELECT d.exposure_id
    FROM cramp_drugs AS d
    JOIN spasticity AS s ON d.patient_id = s.patient_id
    WHERE d.ingredient = 'baclofen'
    UNION
    SELECT d.exposure_id
    FROM cramp_drugs AS d
    JOIN low_magnesium AS l
        ON d.patient_id = l.patient_id
            AND l.day <= d.end_date
    WHERE d.ingredient = 'magnesium'
    UNION
    SELECT d.exposure_id
    FROM cramp_drugs AS d
    JOIN deficiency_orders AS o
        ON d.patient_id = o.patient_id
            AND list_contains(d.prescription_ids, o.row_id)
    WHERE d.ingredient = 'magnesium'
),

unexplained_starts AS (
    SELECT *
    FROM cramp_drugs
    ANTI JOIN explained_starts USING (exposure_id)
),

followers AS (
    SELECT
        c.exposure_id,
        d.ingredient,
        d.newness,
        -- Without a recorded route it may be a pump's.
        d.ingredient = 'baclofen' AND d.route_group = 'unknown' AS may_be_pump,
        d.start_date AS day,
        d.prescription_ids,
        concat(
            coalesce(d.first_drug_name, d.ingredient), ' on ', d.start_date, ' (', d.start_date - c.start_date,
            if(d.start_date - c.start_date = 1, ' day after)', ' days after)')
        ) AS told
    FROM courses AS c
    JOIN unexplained_starts AS d
        ON c.patient_id = d.patient_id
            AND d.start_date BETWEEN c.start_date + 1 AND c.window_to
    WHERE d.newness <> 'not new'
),

cascades AS (
    SELECT
        exposure_id,
        min(day) AS day,
        bool_or(ingredient = 'quinine') AS has_quinine,
        string_agg(told, ' and ' ORDER BY day, told) AS told,
        flatten(list(list_transform(prescription_ids, lambda id: source_row('prescriptions', id)) ORDER BY day, told)) AS sources,
        bool_or(ingredient = 'baclofen') AS has_baclofen,
        bool_or(ingredient = 'magnesium') AS has_magnesium
    FROM followers
    WHERE newness = 'new' AND NOT may_be_pump
    GROUP BY exposure_id
),

doubtful_courses AS (
    SELECT exposure_id, bool_or(may_be_pump) AS may_be_pump
    FROM followers
    GROUP BY exposure_id
),

judged AS (
    SELECT
        c.*,
        a.* EXCLUDE (exposure_id),
        u.may_be_pump,
        f.present AS are_diagnoses_seen,
        CASE
            WHEN a.exposure_id IS NOT NULL THEN 'finding'
            WHEN $horizon < c.window_to THEN 'pending'
            WHEN u.exposure_id IS NOT NULL THEN 'not_evaluable'
            ELSE 'clear'
        END AS outcome
    FROM courses AS c
    CROSS JOIN feeds AS f
    LEFT JOIN cascades AS a USING (exposure_id)
    LEFT JOIN doubtful_courses AS u USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    coalesce(day, start_date) AS index_date,
    outcome,
    if(has_quinine, 'high', 'moderate') AS severity,
    CASE outcome
        WHEN 'finding' THEN 'cramp drug started during a drug that causes cramps'
        WHEN 'pending' THEN 'the window is not over'
        WHEN 'not_evaluable' THEN if(may_be_pump, 'baclofen without a recorded route', 'not observed long enough')
        ELSE 'no cramp drug started in the window'
    END AS reason,
    end_date AS active_until,
    list_distinct(list_concat(
        coalesce(sources, []),
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        list_transform(administration_ids, lambda id: source_row('administrations', id))
    )) AS sources,
    ingredient AS drug,
    coalesce(first_drug_name, ingredient) AS drug_name,
    start_date,
    end_date,
    told AS followers,
    CASE
        WHEN are_diagnoses_seen OR NOT (has_baclofen OR has_magnesium) THEN ''
        WHEN has_baclofen AND has_magnesium
            THEN ' Diagnoses were not delivered, so spasticity and hypomagnesaemia could not be looked for.'
        WHEN has_baclofen THEN ' Diagnoses were not delivered, so spasticity could not be looked for.'
        ELSE ' Diagnoses were not delivered, so hypomagnesaemia could not be looked for.'
    END AS not_seen
FROM judged
