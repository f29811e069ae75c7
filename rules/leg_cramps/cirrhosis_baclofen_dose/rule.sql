-- Courses of oral baclofen in cirrhosis, each with the dose at which it settled and with hepatic encephalopathy.
WITH
exposures AS (
    SELECT * FROM facts.exposures
    WHERE ingredient = 'baclofen' AND route_group = 'oral' AND start_date <= $horizon
),

dose_steps AS (SELECT * FROM facts.dose_steps WHERE start_date <= $horizon),

orders AS (SELECT * FROM facts.prescriptions WHERE ingredient = 'baclofen' AND start_date <= $horizon),

cirrhosis_codes AS (SELECT * FROM facts.conditions WHERE condition = 'cirrhosis'),

encephalopathy_codes AS (SELECT * FROM facts.conditions WHERE condition = 'hepatic_encephalopathy'),

spasticity AS (SELECT * FROM facts.spasticity WHERE day <= $horizon),

-- In cirrhosis: coded by the last day judged. The first code stands for all.
courses AS (
    SELECT
        e.*,
        least(e.end_date, $horizon) AS last_day,
        c.code AS cirrhosis_code,
        c.day AS cirrhosis_since,
        c.row_id AS cirrhosis_id
    FROM exposures AS e
    JOIN cirrhosis_codes AS c ON e.patient_id = c.patient_id AND c.day <= least(e.end_date, $horizon)
    QUALIFY row_number() OVER (PARTITION BY e.exposure_id ORDER BY c.day, c.row_id) = 1
),

first_spasticity AS (
    SELECT patient_id, [source_row(feed, row_id)] AS sources
    FROM spasticity
    QUALIFY row_number() OVER (PARTITION BY patient_id ORDER BY day, feed, row_id, because) = 1
),

regular_courses AS (
    SELECT DISTINCT c.exposure_id
    FROM courses AS c
    JOIN orders AS o ON c.patient_id = o.patient_id AND list_contains(c.prescription_ids, o.row_id)
    WHERE NOT o.as_needed
),

held_steps AS (
    SELECT
        s.exposure_id,
        s.start_date AS settled_from,
        least(s.end_date, c.last_day) - s.start_date + 1 AS settled_days,
        s.daily_dose_mg AS settled_mg,
        s.as_needed,
        s.is_range
    FROM dose_steps AS s
    JOIN courses AS c USING (exposure_id)
),

settled_steps AS (
    SELECT *
    FROM held_steps
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY settled_days DESC, settled_from DESC) = 1
),

encephalopathies AS (
    SELECT
        c.exposure_id,
        greatest(min(h.day), c.start_date) AS encephalopathy_from,
        max(h.day) AS encephalopathy_on,
        arg_max(h.code, (h.day, h.row_id)) AS encephalopathy_code,
        list(source_row('diagnoses', h.row_id)) AS sources
    FROM courses AS c
    JOIN encephalopathy_codes AS h
        ON c.patient_id = h.patient_id
            AND h.day BETWEEN c.start_date - $encephalopathy_days AND c.last_day
    GROUP BY c.exposure_id, c.start_date
),

described AS (
    SELECT
        c.*,
        s.* EXCLUDE (exposure_id),
        h.* EXCLUDE (exposure_id, sources),
        h.sources AS encephalopathy_sources,
        h.exposure_id IS NOT NULL AS has_encephalopathy,
        p.sources AS spasticity_sources,
        p.patient_id IS NOT NULL AS is_spastic,
        r.exposure_id IS NULL AS is_as_needed_only,
        CASE
            WHEN r.exposure_id IS NULL THEN NULL
            WHEN s.settled_mg < $lowest_mg THEN concat('below ', $lowest_mg, ' mg/day')
            WHEN s.settled_mg > $highest_mg THEN concat('above ', $highest_mg, ' mg/day')
        END AS out_of_bounds
    FROM courses AS c
    JOIN settled_steps AS s USING (exposure_id)
    LEFT JOIN encephalopathies AS h USING (exposure_id)
    LEFT JOIN regular_courses AS r USING (exposure_id)
    LEFT JOIN first_spasticity AS p ON c.patient_id = p.patient_id
),

judged AS (
    SELECT
        *,
        CASE
            WHEN is_spastic THEN 'excluded'
            WHEN has_encephalopathy OR out_of_bounds IS NOT NULL THEN 'finding'
            WHEN is_as_needed_only OR settled_mg IS NULL THEN 'not_evaluable'
            ELSE 'clear'
        END AS outcome
    FROM described
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    if(
        outcome = 'finding',
        least(encephalopathy_from, if(out_of_bounds IS NOT NULL, settled_from, NULL)),
        start_date
    ) AS index_date,
    outcome,
    if(has_encephalopathy, 'high', 'moderate') AS severity,
    CASE
        WHEN outcome = 'excluded' THEN 'spasticity on record'
        WHEN outcome = 'finding'
            THEN concat_ws(
                    ', and ', if(has_encephalopathy, 'hepatic encephalopathy', NULL), 'settled dose ' || out_of_bounds
                )
        WHEN is_as_needed_only THEN 'taken only as needed'
        WHEN outcome = 'not_evaluable' THEN 'dose unknown'
        ELSE concat('settled dose ', $lowest_mg, ' to ', $highest_mg, ' mg/day')
    END AS reason,
    end_date AS active_until,
    list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        [source_row('diagnoses', cirrhosis_id)],
        coalesce(encephalopathy_sources, []),
        coalesce(spasticity_sources, [])
    ) AS sources,
    coalesce(first_drug_name, 'baclofen') AS drug_name,
    start_date,
    end_date,
    cirrhosis_code,
    cirrhosis_since,
    has_encephalopathy,
    settled_mg,
    settled_from,
    settled_days,
    concat(
        'hepatic encephalopathy on file (' || encephalopathy_code || ' on ' || encephalopathy_on
        || '), which no dose of baclofen goes with; ',
        CASE
            WHEN is_as_needed_only THEN 'taken only as needed'
            WHEN settled_mg IS NULL THEN 'dose unknown'
            ELSE concat(
                    'settled at ', spoken(settled_mg), ' mg/day (', settled_days, if(settled_days = 1, ' day', ' days'),
                    ' from ', settled_from, if(as_needed, ', with what may be taken as needed', ''),
                    if(is_range, ', the most of a range', ''), ')'
                )
        END,
        ', ' || split_part(out_of_bounds, ' ', 1)
        || concat(' the ', $lowest_mg, ' to ', $highest_mg, ' mg/day for cramps in cirrhosis')
    ) AS told
FROM judged
