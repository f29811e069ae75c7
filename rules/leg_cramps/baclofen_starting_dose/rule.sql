-- New courses of oral baclofen in adults who are not yet old and have no spasticity, each with the first dose that was held.
WITH
new_courses AS (
    SELECT * FROM facts.exposures
    WHERE
        ingredient = 'baclofen'
        AND route_group = 'oral'
        AND newness <> 'not new'
        AND start_date <= $horizon
),

people AS (SELECT * FROM facts.people),

steps AS (
    SELECT *, least(end_date, $horizon) - start_date + 1 AS days
    FROM facts.dose_steps
    SEMI JOIN new_courses USING (exposure_id)
),

spasticity AS (SELECT * FROM facts.spasticity WHERE day <= $horizon),

feeds AS (SELECT * FROM facts.feeds WHERE feed = 'diagnoses'),

aged_courses AS (
    SELECT
        c.*,
        age_on(p.birth_date, c.start_date) AS age,
        NOT f.present AS is_indication_hidden
    FROM new_courses AS c
    CROSS JOIN feeds AS f
    JOIN people AS p USING (patient_id)
    ANTI JOIN spasticity AS s ON c.patient_id = s.patient_id
),

starts AS (SELECT * FROM aged_courses WHERE age >= $adult_age AND age < $old_age),

held_doses AS (
    SELECT *
    FROM steps
    WHERE days >= $held_days
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY step_no) = 1
),

unknown_doses AS (
    SELECT exposure_id, bool_or(daily_dose_mg IS NULL) AS is_any_unknown
    FROM steps
    GROUP BY exposure_id
),

weighed AS (
    SELECT
        c.*,
        u.is_any_unknown,
        d.start_date AS starting_day,
        d.daily_dose_mg AS starting_mg,
        d.fixed_daily_mg AS fixed_mg,
        d.as_needed AS is_as_needed,
        d.is_range,
        coalesce(d.daily_dose_mg > $start_mg, FALSE) AS is_above
    FROM starts AS c
    JOIN unknown_doses AS u USING (exposure_id)
    LEFT JOIN held_doses AS d USING (exposure_id)
),

judged AS (
    SELECT
        *,
        CASE
            WHEN newness = 'unknown' THEN 'not_evaluable'
            WHEN starting_day IS NULL AND end_date > $horizon THEN 'pending'
            WHEN starting_day IS NULL AND is_any_unknown THEN 'not_evaluable'
            WHEN starting_day IS NULL THEN 'clear'
            WHEN starting_mg IS NULL THEN 'not_evaluable'
            WHEN is_above AND is_indication_hidden AND starting_mg <= $ceiling_mg THEN 'not_evaluable'
            WHEN is_above THEN 'finding'
            ELSE 'clear'
        END AS outcome
    FROM weighed
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    coalesce(starting_day, start_date) AS index_date,
    outcome,
    -- What may be taken as needed lowers nothing that the fixed dose alone makes.
    if(starting_mg > $high_mg AND (fixed_mg > $high_mg OR NOT is_as_needed), 'high', 'moderate') AS severity,
    CASE
        WHEN newness = 'unknown' THEN 'not observed long enough'
        WHEN outcome = 'pending' THEN concat('no dose held for ', $held_days, ' days yet')
        WHEN outcome = 'finding' THEN concat('starts with more than ', $start_mg, ' mg/day')
        WHEN is_above THEN concat('more than ', $start_mg, ' mg/day, and diagnoses were not delivered')
        WHEN outcome = 'not_evaluable' THEN 'dose unknown'
        WHEN starting_day IS NULL THEN concat('no dose held for ', $held_days, ' days')
        ELSE concat('starts with at most ', $start_mg, ' mg/day')
    END AS reason,
    end_date AS active_until,
    starting_day + $held_days - 1 AS judged_from,
    list_transform(prescription_ids, lambda id: source_row('prescriptions', id)) AS sources,
    coalesce(first_drug_name, 'baclofen') AS drug_name,
    start_date,
    age,
    starting_day,
    starting_mg,
    CASE
        WHEN starting_mg IS NULL THEN ''
        WHEN starting_day = start_date THEN concat(' with ', spoken(starting_mg), ' mg/day')
        ELSE concat(
                ', and the first dose that was held for ', $held_days, ' days was ', spoken(starting_mg), ' mg/day from ',
                starting_day
            )
    END AS told_dose,
    concat(
        if(is_as_needed, ' (with what may be taken as needed)', ''),
        if(is_range, ' (the most of a range)', '')
    ) AS how_taken,
    $start_mg AS limit_mg,
    if(
        is_indication_hidden,
        'diagnoses were not delivered, so spasticity could not be looked for, but no indication calls for so much at once',
        'no spasticity is on record'
    ) AS spasticity
FROM judged
