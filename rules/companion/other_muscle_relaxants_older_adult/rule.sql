-- Courses of the other skeletal muscle relaxants, each with the first day at the age in question.
WITH
relaxants AS (SELECT ingredient FROM facts.drug_sets WHERE list = 'other_muscle_relaxant'),

exposures AS (
    SELECT * FROM facts.exposures
    SEMI JOIN relaxants USING (ingredient)
    WHERE route_group IN ('oral', 'unknown') AND start_date <= $horizon
),

people AS (SELECT * FROM facts.people),

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
        if(is_old, greatest(a.old_from, e.start_date), e.start_date) AS index_date
    FROM exposures AS e
    JOIN ages AS a USING (patient_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    index_date,
    if(is_old, 'finding', 'clear') AS outcome,
    'high' AS severity,
    if(is_old, concat($min_age, ' or older'), concat('under ', $min_age)) AS reason,
    end_date AS active_until,
    list_transform(prescription_ids, lambda id: source_row('prescriptions', id)) AS sources,
    ingredient AS drug,
    coalesce(first_drug_name, ingredient) AS drug_name,
    start_date,
    end_date,
    index_date AS first_day,
    age_on(birth_date, index_date) AS age
FROM courses
