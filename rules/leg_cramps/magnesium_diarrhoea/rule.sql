-- New courses of a magnesium supplement by mouth, each with the first sign of diarrhoea soon after its start or a rise of its dose.
WITH
courses AS (
    SELECT * FROM facts.exposures
    WHERE
        ingredient = 'magnesium'
        AND (route_group, product_class) IN (('oral', 'supplement'), ('unknown', 'supplement'))
        AND newness <> 'not new'
        AND start_date <= $horizon
),

dose_steps AS (SELECT * FROM facts.dose_steps WHERE ingredient = 'magnesium' AND start_date <= $horizon),

diarrhoeas AS (
    SELECT * FROM facts.conditions SEMI JOIN courses USING (patient_id)
    WHERE condition = 'diarrhea' AND day <= $horizon
),

antidiarrhoeals AS (SELECT ingredient FROM facts.drug_sets WHERE list = 'antidiarrhoeal'),

treatments AS (
    SELECT * FROM facts.exposures SEMI JOIN courses USING (patient_id) SEMI JOIN antidiarrhoeals USING (ingredient)
    WHERE start_date <= $horizon
),

diarrhoea_days AS (
    SELECT patient_id, day, min(row_id) AS row_id, arg_min(code, row_id) AS code
    FROM diarrhoeas
    GROUP BY patient_id, day
),

first_diarrhoeas AS (
    SELECT *
    FROM diarrhoea_days
    QUALIFY coalesce(day - lag(day) OVER (PARTITION BY patient_id ORDER BY day) > $free_days, TRUE)
),

treatment_days AS (
    SELECT
        patient_id,
        start_date AS day,
        max(end_date) AS last_day,
        min(first_prescription_id) AS row_id,
        arg_min(coalesce(first_drug_name, ingredient), first_prescription_id) AS drug_name
    FROM treatments
    GROUP BY patient_id, start_date
),

new_treatments AS (
    SELECT *
    FROM treatment_days
    QUALIFY coalesce(
            day - max(last_day) OVER (
                PARTITION BY patient_id ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) > $free_days,
            TRUE
        )
),

signs AS (
    SELECT patient_id, day, 1 AS place, concat('diarrhoea (', code, ')') AS sign, source_row('diagnoses', row_id) AS source
    FROM first_diarrhoeas
    UNION ALL
    SELECT patient_id, day, 2, concat('a start of ', drug_name), source_row('prescriptions', row_id)
    FROM new_treatments
),

known_doses AS (
    SELECT
        exposure_id,
        start_date,
        daily_dose_mg,
        lag(daily_dose_mg) OVER (PARTITION BY exposure_id ORDER BY step_no) AS dose_before
    FROM dose_steps
    WHERE daily_dose_mg IS NOT NULL
),

triggers AS (
    SELECT exposure_id, start_date AS day, 'its start' AS told
    FROM courses
    UNION ALL
    SELECT
        exposure_id,
        start_date,
        concat('its dose was raised from ', spoken(dose_before), ' to ', spoken(daily_dose_mg), ' mg a day on ', start_date)
    FROM known_doses
    WHERE daily_dose_mg > dose_before
),

last_windows AS (
    SELECT exposure_id, max(day) + $window_days AS window_end
    FROM triggers
    GROUP BY exposure_id
),

followed AS (
    SELECT
        t.exposure_id,
        s.day,
        s.sign,
        s.source,
        s.day - t.day AS days_after,
        t.told
    FROM triggers AS t
    JOIN courses AS c USING (exposure_id)
    JOIN signs AS s
        ON c.patient_id = s.patient_id
            AND s.day BETWEEN t.day + 1 AND t.day + $window_days
    QUALIFY row_number() OVER (PARTITION BY t.exposure_id ORDER BY s.day, s.place, t.day DESC) = 1
),

judged AS (
    SELECT
        c.*,
        f.* EXCLUDE (exposure_id),
        CASE
            WHEN c.newness = 'unknown' THEN 'not_evaluable'
            WHEN f.day IS NOT NULL THEN 'finding'
            WHEN l.window_end > $horizon THEN 'pending'
            ELSE 'clear'
        END AS outcome
    FROM courses AS c
    JOIN last_windows AS l USING (exposure_id)
    LEFT JOIN followed AS f USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    if(outcome = 'finding', day, start_date) AS index_date,
    outcome,
    'info' AS severity,
    CASE outcome
        WHEN 'not_evaluable' THEN 'not observed long enough'
        WHEN 'finding' THEN 'first diarrhoea after a start or a rise of the dose'
        WHEN 'pending' THEN 'the window is not over'
        ELSE 'no first diarrhoea in the window'
    END AS reason,
    end_date AS active_until,
    list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        if(source IS NULL, [], [source])
    ) AS sources,
    coalesce(first_drug_name, ingredient) AS drug_name,
    start_date,
    end_date,
    sign,
    days_after,
    concat(days_after, if(days_after = 1, ' day after ', ' days after '), told) AS when_told
FROM judged
