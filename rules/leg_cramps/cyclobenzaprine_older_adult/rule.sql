-- Courses of cyclobenzaprine, each with the first day at the age in question and every risk that makes it critical.
WITH
exposures AS (
    SELECT * FROM facts.exposures
    WHERE ingredient = 'cyclobenzaprine' AND route_group IN ('oral', 'unknown') AND start_date <= $horizon
),

people AS (SELECT * FROM facts.people),

-- An injury code of ICD-10-CM whose seventh character is D to S is a later visit for the same fall or fracture.
conditions AS (
    SELECT * FROM facts.conditions
    WHERE
        coalesce(qualifier, '') NOT IN ('history', 'old', 'first_degree')
        AND NOT regexp_full_match(plain_code(code), '[MSTV-Y].{5}[D-S]')
),

orders AS (
    SELECT * FROM facts.prescriptions
    WHERE ingredient = 'cyclobenzaprine' AND route_group IN ('oral', 'unknown') AND start_date <= $horizon
),

-- What is put on the skin to work in the whole body.
patch_drugs AS (SELECT ingredient FROM facts.drug_sets WHERE list IN ('opioid', 'mao_inhibitor')),

other_exposures AS (
    SELECT * FROM facts.exposures
    WHERE
        ingredient <> 'cyclobenzaprine'
        AND (
            route_group NOT IN ('topical', 'vaginal', 'ophthalmic')
            OR (route_group = 'topical' AND ingredient IN (SELECT ingredient FROM patch_drugs))
        )
        AND start_date <= $horizon
),

cns_drugs AS (SELECT ingredient FROM facts.drug_sets WHERE list = 'cns_active'),

mao_inhibitors AS (SELECT ingredient FROM facts.drug_sets WHERE list = 'mao_inhibitor'),

feeds AS (SELECT * FROM facts.feeds),

risk_conditions (condition, place, wording, days_before, is_for_ever) AS (
    VALUES
    ('falls', 1, 'a fall', $event_days, TRUE),
    ('hip_fracture', 2, 'a hip fracture', $event_days, TRUE),
    ('fracture_any', 3, 'a fracture', $event_days, TRUE),
    ('dementia', 4, 'dementia', NULL, TRUE),
    ('myocardial_infarction', 5, 'a recent infarction', $infarction_days, TRUE),
    ('arrhythmia', 6, 'arrhythmia', NULL, FALSE),
    ('av_block', 7, 'heart block', NULL, FALSE),
    ('heart_failure', 8, 'heart failure', NULL, FALSE),
    ('hyperthyroidism', 9, 'hyperthyroidism', NULL, FALSE)
),

birthdays AS (
    SELECT
        *,
        CAST(birth_date + to_years(CAST($min_age AS INTEGER)) AS DATE) AS anniversary
    FROM people
),

ages AS (
    SELECT
        patient_id,
        birth_date,
        -- Born on 29 February: a year older on 1 March of a common year.
        anniversary + CAST(age_on(birth_date, anniversary) < $min_age AS INTEGER) AS old_from
    FROM birthdays
),

courses AS (
    SELECT
        e.*,
        a.birth_date,
        a.old_from <= least(e.end_date, $horizon) AS is_old,
        if(a.old_from <= least(e.end_date, $horizon), greatest(a.old_from, e.start_date), e.start_date) AS index_date,
        least(e.end_date, $horizon) AS last_day
    FROM exposures AS e
    JOIN ages AS a USING (patient_id)
),

-- A hip fracture is a fracture too: each diagnosis is named once, by the first wording that fits.
diagnosed_risks AS (
    SELECT c.exposure_id, r.place, r.wording, d.code, d.day, d.row_id
    FROM courses AS c
    JOIN conditions AS d ON c.patient_id = d.patient_id AND d.day <= c.last_day
    JOIN risk_conditions AS r
        ON d.condition = r.condition
            AND (r.days_before IS NULL OR d.day >= least(c.start_date, c.index_date - r.days_before))
    WHERE r.is_for_ever OR d.resolved_on IS NULL OR d.resolved_on >= c.start_date
    QUALIFY row_number() OVER (PARTITION BY c.exposure_id, d.row_id ORDER BY r.place) = 1
),

latest_risks AS (
    SELECT *
    FROM diagnosed_risks
    QUALIFY row_number() OVER (PARTITION BY exposure_id, place ORDER BY day DESC, row_id) = 1
),

cns_periods AS (
    SELECT
        c.exposure_id,
        o.ingredient,
        greatest(o.start_date, c.index_date) AS first_day,
        least(o.end_date, c.last_day) AS last_day,
        o.first_prescription_id
    FROM courses AS c
    JOIN other_exposures AS o
        ON c.patient_id = o.patient_id
            AND c.index_date <= o.end_date
            AND o.start_date <= c.last_day
    JOIN cns_drugs AS k ON o.ingredient = k.ingredient
),

cns_loads AS (
    -- The load can only rise on a day on which a drug begins, so those days are enough.
    SELECT
        p.exposure_id,
        p.first_day AS day,
        count(DISTINCT o.ingredient) AS drugs,
        string_agg(DISTINCT o.ingredient, ', ' ORDER BY o.ingredient) AS names,
        list(source_row('prescriptions', o.first_prescription_id)) AS sources
    FROM cns_periods AS p
    JOIN cns_periods AS o
        ON p.exposure_id = o.exposure_id
            AND p.first_day BETWEEN o.first_day AND o.last_day
    GROUP BY p.exposure_id, p.first_day
),

highest_cns_loads AS (
    SELECT *
    FROM cns_loads
    WHERE drugs >= $cns_others
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY drugs DESC, day) = 1
),

mao_courses AS (
    SELECT c.exposure_id, o.ingredient, o.start_date, o.end_date, o.first_prescription_id
    FROM courses AS c
    JOIN other_exposures AS o
        ON c.patient_id = o.patient_id
            AND o.start_date <= c.end_date + $mao_days
            AND o.end_date >= c.start_date - $mao_days
    JOIN mao_inhibitors AS m ON o.ingredient = m.ingredient
),

risks AS (
    SELECT
        exposure_id,
        place,
        concat(wording, ' (', code, ' on ', day, ')') AS wording,
        [source_row('diagnoses', row_id)] AS sources
    FROM latest_risks
    UNION ALL
    SELECT
        exposure_id,
        10 AS place,
        concat(drugs, ' other CNS-active drugs on ', day, ' (', names, ')') AS wording,
        sources
    FROM highest_cns_loads
    UNION ALL
    SELECT
        exposure_id,
        11 AS place,
        concat('an MAO inhibitor (', ingredient, ' from ', start_date, ' to ', end_date, ')') AS wording,
        [source_row('prescriptions', first_prescription_id)] AS sources
    FROM mao_courses
),

risky_courses AS (
    SELECT
        exposure_id,
        concat(': made critical by ', string_agg(wording, ', ' ORDER BY place, wording)) AS risks,
        flatten(list(sources)) AS sources
    FROM risks
    GROUP BY exposure_id
),

years AS (
    SELECT patient_id, year(start_date) AS calendar_year, count(DISTINCT start_date) AS order_days
    FROM orders
    GROUP BY patient_id, year(start_date)
),

unseen AS (
    SELECT
        if(
            count(*) > 0,
            '; diagnoses not delivered: falls, fractures, dementia and heart disease could not be seen', ''
        ) AS unseen
    FROM feeds
    WHERE feed = 'diagnoses' AND NOT present
)

SELECT
    c.exposure_id AS unit_id,
    c.patient_id,
    c.index_date,
    if(c.is_old, 'finding', 'clear') AS outcome,
    if(r.exposure_id IS NULL, 'high', 'critical') AS severity,
    if(c.is_old, concat($min_age, ' or older'), concat('under ', $min_age)) AS reason,
    c.end_date AS active_until,
    list_sort(list_distinct(list_concat(
        list_transform(c.prescription_ids, lambda id: source_row('prescriptions', id)),
        coalesce(r.sources, [])
    ))) AS sources,
    coalesce(c.first_drug_name, c.ingredient) AS drug_name,
    c.start_date,
    c.end_date,
    age_on(c.birth_date, c.index_date) AS age,
    coalesce(r.risks, '') AS risks,
    u.unseen,
    coalesce(y.order_days >= 2, FALSE) AS two_orders_in_year
FROM courses AS c
CROSS JOIN unseen AS u
LEFT JOIN risky_courses AS r USING (exposure_id)
LEFT JOIN years AS y ON c.patient_id = y.patient_id AND year(c.index_date) = y.calendar_year
