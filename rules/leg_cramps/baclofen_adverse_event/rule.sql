-- Starts of oral baclofen and rises of its dose, each with the adverse effects that were first recorded in the weeks after.
WITH
courses AS (
    SELECT * FROM facts.exposures
    WHERE ingredient = 'baclofen' AND route_group = 'oral' AND start_date <= $horizon
),

steps AS (
    SELECT *, lag(daily_dose_mg) OVER (PARTITION BY exposure_id ORDER BY step_no) AS from_mg
    FROM facts.dose_steps
    SEMI JOIN courses USING (exposure_id)
    WHERE start_date <= $horizon
),

kinds (condition, kind, is_grave) AS (
    VALUES
    ('delirium_confusion', 'confusion or delirium', TRUE),
    ('falls', 'a fall', TRUE),
    ('dizziness', 'dizziness', FALSE),
    ('somnolence', 'somnolence', FALSE),
    ('nausea_vomiting', 'nausea or vomiting', FALSE),
    ('muscle_weakness', 'muscle weakness', FALSE),
    ('urinary_retention', 'urinary retention or incontinence', FALSE),
    ('urinary_incontinence', 'urinary retention or incontinence', FALSE)
),

-- A history of falling and a later visit for the same fall are no events.
records AS (
    SELECT c.patient_id, c.day, c.code, c.row_id, k.kind, k.is_grave
    FROM facts.conditions AS c
    SEMI JOIN courses AS e ON c.patient_id = e.patient_id
    JOIN kinds AS k ON c.condition = k.condition
    WHERE c.day <= $horizon AND coalesce(c.qualifier, '') NOT IN ('history', 'subsequent')
),

events AS (
    SELECT
        patient_id,
        kind,
        is_grave,
        day,
        concat(kind, ' (', min(code), ' on ', day, ')') AS wording,
        list(source_row('diagnoses', row_id)) AS sources
    FROM records
    GROUP BY patient_id, kind, is_grave, day
),

first_events AS (
    SELECT *
    FROM events
    QUALIFY coalesce(day - lag(day) OVER (PARTITION BY patient_id, kind ORDER BY day) > $free_days, TRUE)
),

triggers AS (
    SELECT exposure_id, 'start' AS trigger, start_date AS day, concat(' was started on ', start_date) AS told_trigger
    FROM courses
    UNION ALL
    SELECT
        exposure_id,
        'rise',
        start_date,
        concat(' was raised from ', spoken(from_mg), ' to ', spoken(daily_dose_mg), ' mg/day on ', start_date)
    FROM steps
    WHERE daily_dose_mg > from_mg
),

units AS (
    SELECT concat(t.exposure_id, '|', t.day) AS unit_id, t.*, c.* EXCLUDE (exposure_id)
    FROM triggers AS t
    JOIN courses AS c USING (exposure_id)
),

unit_events AS (
    SELECT
        u.unit_id,
        min(e.day) AS first_day,
        arg_min(e.kind, (e.day, e.kind)) AS first_event,
        bool_or(e.is_grave) AS is_grave,
        string_agg(e.wording, ', ' ORDER BY e.day, e.kind) AS events,
        flatten(list(e.sources)) AS sources
    FROM units AS u
    JOIN first_events AS e
        ON u.patient_id = e.patient_id
            AND e.day BETWEEN u.day + 1 AND u.day + $window_days
    GROUP BY u.unit_id
),

judged AS (
    SELECT
        u.*,
        e.* EXCLUDE (unit_id),
        CASE
            WHEN e.unit_id IS NOT NULL THEN 'finding'
            WHEN $horizon < u.day + $window_days THEN 'pending'
            ELSE 'clear'
        END AS outcome
    FROM units AS u
    LEFT JOIN unit_events AS e USING (unit_id)
)

SELECT
    unit_id,
    patient_id,
    coalesce(first_day, day) AS index_date,
    outcome,
    if(is_grave, 'high', 'moderate') AS severity,
    CASE outcome
        WHEN 'finding'
            THEN concat('first record of an adverse effect after a ', if(trigger = 'start', 'start', 'rise of the dose'))
        WHEN 'pending' THEN concat('the ', $window_days, ' days are not over')
        ELSE concat('no first record of an adverse effect within ', $window_days, ' days')
    END AS reason,
    end_date AS active_until,
    list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        coalesce(sources, [])
    ) AS sources,
    coalesce(first_drug_name, 'baclofen') AS drug_name,
    trigger,
    day AS trigger_day,
    told_trigger,
    $window_days AS days_watched,
    events,
    coalesce(first_event, 'none') AS first_event,
    first_day - day AS days_after
FROM judged
