-- Courses of oral baclofen, each with the opioids whose courses share a day with it.
WITH
courses AS (
    SELECT * FROM facts.exposures
    WHERE ingredient = 'baclofen' AND route_group = 'oral' AND start_date <= $horizon
),

people AS (SELECT * FROM facts.people),

opioids AS (SELECT ingredient FROM facts.drug_sets WHERE list = 'opioid'),

-- By any route: a patch, an injection and a tablet all reach the brain.
opioid_courses AS (
    SELECT * FROM facts.exposures
    SEMI JOIN courses USING (patient_id)
    SEMI JOIN opioids USING (ingredient)
    WHERE start_date <= $horizon
),

shared_spans AS (
    SELECT
        c.exposure_id,
        greatest(c.start_date, o.start_date) AS first_day,
        least(c.end_date, o.end_date) AS last_day,
        concat(
            o.ingredient,
            CASE
                WHEN o.route_group IN ('oral', 'unknown') THEN ''
                WHEN o.route_group = 'injectable' THEN ' by injection'
                WHEN regexp_matches(o.first_drug_name, 'patch|transdermal', 'i') THEN ' patch'
                ELSE ' not by mouth'
            END,
            ' (', o.start_date, ' to ', o.end_date, if(o.prn_only, ', as needed', ''), ')'
        ) AS wording,
        list_transform(o.prescription_ids, lambda id: source_row('prescriptions', id)) AS sources
    FROM courses AS c
    JOIN opioid_courses AS o
        ON c.patient_id = o.patient_id
            AND c.start_date <= o.end_date
            AND o.start_date <= c.end_date
),

days_together AS (
    SELECT
        exposure_id,
        first_day + CAST(unnest(range(least(last_day, $horizon) - first_day + 1)) AS INTEGER) AS day
    FROM shared_spans
),

counted_days AS (
    SELECT exposure_id, count(DISTINCT day) AS days_together, max(day) AS last_judged
    FROM days_together
    GROUP BY exposure_id
),

combined AS (
    SELECT
        exposure_id,
        min(first_day) AS first_day,
        max(last_day) AS last_day,
        string_agg(wording, ', ' ORDER BY first_day, wording) AS opioids,
        flatten(list(sources)) AS sources
    FROM shared_spans
    GROUP BY exposure_id
),

judged AS (
    SELECT
        c.*,
        o.first_day,
        o.last_day,
        o.opioids,
        o.sources,
        d.days_together,
        age_on(p.birth_date, d.last_judged) AS age
    FROM courses AS c
    JOIN people AS p USING (patient_id)
    LEFT JOIN combined AS o USING (exposure_id)
    LEFT JOIN counted_days AS d USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    coalesce(first_day, start_date) AS index_date,
    if(first_day IS NULL, 'clear', 'finding') AS outcome,
    if(age >= $old_age, 'high', 'moderate') AS severity,
    if(first_day IS NULL, 'no opioid at the same time', 'together with an opioid') AS reason,
    coalesce(last_day, end_date) AS active_until,
    list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        coalesce(sources, [])
    ) AS sources,
    coalesce(first_drug_name, 'baclofen') AS drug_name,
    start_date,
    end_date,
    if(prn_only, ', as needed,', '') AS as_needed,
    opioids,
    days_together,
    age
FROM judged
