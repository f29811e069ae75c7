-- New courses of conjugated estrogens by mouth at the age in question.
WITH
exposures AS (
    SELECT * FROM facts.exposures
    WHERE
        ingredient = 'conjugated estrogens'
        AND route_group = 'oral'
        AND newness <> 'not new'
        AND start_date <= $horizon
),

people AS (SELECT * FROM facts.people),

courses AS (
    SELECT
        e.*,
        age_on(p.birth_date, e.start_date) AS age
    FROM exposures AS e
    JOIN people AS p USING (patient_id)
    WHERE age_on(p.birth_date, e.start_date) >= $min_age
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    start_date AS index_date,
    if(newness = 'new', 'finding', 'not_evaluable') AS outcome,
    'moderate' AS severity,
    if(newness = 'new', concat('new at ', $min_age, ' or older'), 'not observed long enough') AS reason,
    end_date AS active_until,
    list_transform(prescription_ids, lambda id: source_row('prescriptions', id)) AS sources,
    coalesce(first_drug_name, ingredient) AS drug_name,
    start_date,
    end_date,
    age
FROM courses
