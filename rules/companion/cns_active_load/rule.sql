-- Patients given a skeletal muscle relaxant at the age in question, each with the CNS-active drugs of those days.
WITH
relaxants AS (SELECT ingredient FROM facts.drug_sets WHERE list = 'muscle_relaxant'),

cns_drugs AS (SELECT ingredient FROM facts.drug_sets WHERE list = 'cns_active'),

opioids AS (SELECT ingredient FROM facts.drug_sets WHERE list = 'opioid'),

people AS (SELECT * FROM facts.people),

exposures AS (
    SELECT * FROM facts.exposures
    SEMI JOIN cns_drugs USING (ingredient)
    WHERE
        start_date <= $horizon
        AND (
            route_group NOT IN ('topical', 'vaginal', 'ophthalmic', 'intrathecal')
            -- A patch.
            OR (route_group = 'topical' AND ingredient IN (SELECT ingredient FROM opioids))
        )
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

relaxant_courses AS (
    SELECT
        e.patient_id,
        e.ingredient,
        greatest(e.start_date, a.old_from) AS first_day,
        e.end_date AS last_day,
        a.birth_date
    FROM exposures AS e
    SEMI JOIN relaxants USING (ingredient)
    JOIN ages AS a USING (patient_id)
    WHERE a.old_from <= least(e.end_date, $horizon)
),

patients AS (
    SELECT
        patient_id,
        any_value(birth_date) AS birth_date,
        min(first_day) AS relaxant_from,
        string_agg(DISTINCT ingredient, ', ' ORDER BY ingredient) AS relaxants
    FROM relaxant_courses
    GROUP BY patient_id
),

-- Each CNS-active drug, the relaxant itself too, on the days that it shares with a relaxant.
periods AS (
    SELECT
        r.patient_id,
        e.ingredient,
        greatest(e.start_date, r.first_day) AS first_day,
        least(e.end_date, r.last_day) AS last_day,
        e.prescription_ids
    FROM relaxant_courses AS r
    JOIN exposures AS e
        ON r.patient_id = e.patient_id
            AND e.start_date <= r.last_day
            AND e.end_date >= r.first_day
),

-- The load rises on a first day and falls after a last one: between those days it stays as it is.
turning_days AS (
    SELECT patient_id, first_day AS day
    FROM periods
    UNION
    SELECT patient_id, last_day
    FROM periods
),

loads AS (
    SELECT
        t.patient_id,
        t.day,
        count(DISTINCT p.ingredient) AS drugs,
        string_agg(DISTINCT p.ingredient, ', ' ORDER BY p.ingredient) AS names,
        list(p.prescription_ids) AS prescription_ids
    FROM turning_days AS t
    JOIN periods AS p ON t.patient_id = p.patient_id AND t.day BETWEEN p.first_day AND p.last_day
    GROUP BY t.patient_id, t.day
),

high_loads AS (SELECT * FROM loads WHERE drugs >= $cns_drugs),

first_loads AS (
    SELECT *
    FROM high_loads
    QUALIFY row_number() OVER (PARTITION BY patient_id ORDER BY day) = 1
),

highest_loads AS (
    SELECT
        patient_id,
        day AS highest_on,
        drugs AS most_drugs,
        names AS most_names,
        prescription_ids AS most_prescription_ids,
        max(day) OVER (PARTITION BY patient_id) AS last_high_day
    FROM high_loads
    QUALIFY row_number() OVER (PARTITION BY patient_id ORDER BY drugs DESC, day) = 1
)

SELECT
    p.patient_id AS unit_id,
    p.patient_id,
    coalesce(f.day, p.relaxant_from) AS index_date,
    if(f.day IS NULL, 'clear', 'finding') AS outcome,
    'high' AS severity,
    concat(if(f.day IS NULL, 'fewer than ', ''), $cns_drugs, if(f.day IS NULL, '', ' or more'), ' CNS-active drugs') AS reason,
    h.last_high_day AS active_until,
    list_transform(
        list_sort(list_distinct(flatten(list_concat(f.prescription_ids, h.most_prescription_ids)))),
        lambda id: source_row('prescriptions', id)
    ) AS sources,
    f.drugs,
    f.names,
    f.day AS first_day,
    h.last_high_day AS together_until,
    age_on(p.birth_date, f.day) AS age,
    p.relaxants,
    if(
        h.most_drugs > f.drugs,
        concat('; ', h.most_drugs, ' on ', h.highest_on, ': ', h.most_names), ''
    ) AS most
FROM patients AS p
LEFT JOIN first_loads AS f USING (patient_id)
LEFT JOIN highest_loads AS h USING (patient_id)
