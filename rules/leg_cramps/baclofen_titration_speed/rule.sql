-- Courses of oral baclofen in which the dose was raised, without spasticity, each with its first rise that was too fast.
WITH
courses AS (
    SELECT * FROM facts.exposures
    WHERE ingredient = 'baclofen' AND route_group = 'oral'
),

spasticity AS (SELECT * FROM facts.spasticity WHERE day <= $horizon),

feeds AS (SELECT * FROM facts.feeds WHERE feed = 'diagnoses'),

cramp_courses AS (
    SELECT c.*, NOT f.present AS is_indication_hidden
    FROM courses AS c
    CROSS JOIN feeds AS f
    ANTI JOIN spasticity AS s ON c.patient_id = s.patient_id
),

steps AS (
    SELECT
        *,
        lag(daily_dose_mg) OVER in_time AS from_mg,
        last_value(daily_dose_mg IGNORE NULLS) OVER (in_time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS last_known_mg
    FROM facts.dose_steps
    SEMI JOIN cramp_courses USING (exposure_id)
    WHERE start_date <= $horizon
    WINDOW in_time AS (PARTITION BY exposure_id ORDER BY step_no)
),

-- A rise across an unknown dose makes a unit, but how fast it was nobody knows.
rises AS (
    SELECT
        *,
        daily_dose_mg AS to_mg,
        round(daily_dose_mg - from_mg, 4) AS rise_mg
    FROM steps
    WHERE daily_dose_mg > last_known_mg
),

rises_of_week AS (
    SELECT
        later.exposure_id,
        later.start_date AS day,
        later.from_mg,
        later.to_mg,
        later.rise_mg,
        later.as_needed AS is_as_needed,
        later.is_range,
        round(sum(earlier.rise_mg), 4) AS sum_mg,
        count(*) AS steps,
        max(later.start_date - earlier.start_date) AS days
    FROM rises AS later
    JOIN rises AS earlier
        ON later.exposure_id = earlier.exposure_id
            AND earlier.start_date > later.start_date - $step_days
            AND earlier.start_date <= later.start_date
            AND earlier.rise_mg IS NOT NULL
    GROUP BY ALL
),

fast_rises AS (
    SELECT
        w.*,
        c.is_indication_hidden AND w.to_mg <= $ceiling_mg AS is_undecided
    FROM rises_of_week AS w
    JOIN cramp_courses AS c USING (exposure_id)
    WHERE w.sum_mg > $step_mg
    QUALIFY row_number() OVER (PARTITION BY w.exposure_id ORDER BY is_undecided, w.day) = 1
),

raised_courses AS (
    SELECT exposure_id, min(start_date) AS first_day, max(start_date) AS last_day
    FROM rises
    GROUP BY exposure_id
),

unknown_doses AS (
    SELECT exposure_id, bool_or(daily_dose_mg IS NULL) AS is_any_unknown
    FROM steps
    GROUP BY exposure_id
),

judged AS (
    SELECT
        c.*,
        f.* EXCLUDE (exposure_id),
        coalesce(f.day, r.first_day) AS index_date,
        CASE
            WHEN f.is_undecided THEN 'not_evaluable'
            WHEN f.day IS NOT NULL THEN 'finding'
            WHEN $horizon < r.last_day + $step_days - 1 THEN 'pending'
            WHEN u.is_any_unknown THEN 'not_evaluable'
            ELSE 'clear'
        END AS outcome
    FROM cramp_courses AS c
    JOIN raised_courses AS r USING (exposure_id)
    JOIN unknown_doses AS u USING (exposure_id)
    LEFT JOIN fast_rises AS f USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    index_date,
    outcome,
    'moderate' AS severity,
    CASE
        WHEN is_undecided THEN concat('raised by more than ', $step_mg, ' mg/day, and diagnoses were not delivered')
        WHEN rise_mg > $step_mg THEN concat('raised by more than ', $step_mg, ' mg/day at once')
        WHEN outcome = 'finding' THEN concat('raised by more than ', $step_mg, ' mg/day within a week')
        WHEN outcome = 'pending' THEN 'the week after the last rise is not over'
        WHEN outcome = 'not_evaluable' THEN 'dose unknown'
        ELSE 'raised slowly'
    END AS reason,
    end_date AS active_until,
    list_transform(prescription_ids, lambda id: source_row('prescriptions', id)) AS sources,
    coalesce(first_drug_name, 'baclofen') AS drug_name,
    start_date,
    from_mg,
    to_mg,
    rise_mg,
    CASE
        WHEN rise_mg IS NULL THEN ''
        WHEN rise_mg > $step_mg THEN concat('by ', spoken(rise_mg), ' mg/day at once, from ', spoken(from_mg))
        ELSE concat('by ', spoken(sum_mg), ' mg/day in ', steps, ' steps within ', days, if(days = 1, ' day,', ' days,'))
    END AS told_rise,
    concat(
        if(is_as_needed, ' (with what may be taken as needed)', ''),
        if(is_range, ' (the most of a range)', '')
    ) AS how_taken,
    concat('; cramps call for steps of at most ', $step_mg, ' mg/day a week') AS pace,
    if(
        is_indication_hidden,
        concat(
            'diagnoses were not delivered, so spasticity could not be looked for, but no indication calls for more than ',
            $ceiling_mg, ' mg/day'
        ),
        'no spasticity is on record'
    ) AS spasticity
FROM judged
