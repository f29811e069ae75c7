-- Courses of a cramp drug that overlap a pregnancy, each with the first day in common and, for quinine, what justifies it.
WITH
drugs AS (
    SELECT * FROM facts.exposures
    WHERE
        start_date <= $horizon
        AND (
            ingredient = 'baclofen'
            OR (ingredient IN ('quinine', 'cyclobenzaprine') AND route_group NOT IN ('topical', 'vaginal', 'ophthalmic'))
            OR (
                ingredient = 'magnesium'
                AND (route_group, product_class) IN (('oral', 'supplement'), ('unknown', 'supplement'))
            )
        )
),

pregnancies AS (SELECT * FROM facts.pregnancies WHERE start_date <= $horizon),

people AS (SELECT * FROM facts.people),

conditions AS (
    SELECT * FROM facts.conditions
    WHERE condition IN ('malaria', 'babesiosis') AND coalesce(qualifier, '') <> 'history' AND day <= $horizon
),

indications AS (
    SELECT * FROM facts.indications
    WHERE condition IN ('malaria', 'babesiosis') AND coalesce(qualifier, '') <> 'history' AND day <= $horizon
),

dose_steps AS (SELECT * FROM facts.dose_steps WHERE ingredient = 'quinine'),

courses AS (
    SELECT
        d.*,
        p.start_date AS pregnant_since,
        greatest(d.start_date, p.start_date) AS first_common_day,
        max(least(d.end_date, p.end_date)) OVER (PARTITION BY d.exposure_id) AS last_common_day,
        p.row_id AS pregnancy_id
    FROM drugs AS d
    JOIN pregnancies AS p
        ON d.patient_id = p.patient_id
            AND d.start_date <= p.end_date
            AND d.end_date >= p.start_date
    QUALIFY row_number() OVER (PARTITION BY d.exposure_id ORDER BY p.start_date) = 1
),

antimalarial_records AS (
    SELECT patient_id, day, source_row('diagnoses', row_id) AS source
    FROM conditions
    UNION ALL
    SELECT patient_id, day, source_row('prescriptions', row_id)
    FROM indications
),

justified_courses AS (
    SELECT c.exposure_id, list(r.source) AS sources
    FROM courses AS c
    JOIN antimalarial_records AS r
        ON c.patient_id = r.patient_id
            AND r.day BETWEEN c.start_date - $indication_days AND c.start_date + $indication_days
    WHERE c.ingredient = 'quinine'
    GROUP BY c.exposure_id
),

doses AS (
    SELECT
        exposure_id,
        bool_and(coalesce(daily_dose_mg >= $course_mg, FALSE) AND NOT as_needed) AS is_dosed_for_malaria
    FROM dose_steps
    GROUP BY exposure_id
),

judged AS (
    SELECT
        c.*,
        j.sources AS reason_sources,
        CASE
            WHEN p.sex = 'male' THEN 'recorded sex male'
            WHEN c.ingredient = 'magnesium' THEN 'evidence conflicting'
            WHEN j.exposure_id IS NOT NULL THEN 'malaria or babesiosis'
            WHEN d.is_dosed_for_malaria AND c.length_days <= $course_days THEN 'antimalarial course'
            ELSE concat(c.ingredient, ' in pregnancy')
        END AS reason
    FROM courses AS c
    JOIN people AS p USING (patient_id)
    LEFT JOIN justified_courses AS j USING (exposure_id)
    LEFT JOIN doses AS d USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    first_common_day AS index_date,
    CASE
        WHEN reason = 'recorded sex male' THEN 'excluded'
        WHEN reason IN ('evidence conflicting', 'malaria or babesiosis', 'antimalarial course') THEN 'clear'
        ELSE 'finding'
    END AS outcome,
    if(ingredient = 'quinine', 'critical', 'moderate') AS severity,
    reason,
    last_common_day AS active_until,
    list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        [source_row('diagnoses', pregnancy_id)],
        coalesce(reason_sources, [])
    ) AS sources,
    ingredient AS drug,
    coalesce(first_drug_name, ingredient) AS drug_name,
    route_group,
    CASE route_group
        WHEN 'oral' THEN ''
        WHEN 'unknown' THEN ' (route unknown)'
        ELSE concat(' (', route_group, ')')
    END AS route_told,
    start_date,
    end_date,
    pregnant_since,
    if(ingredient = 'quinine', ', without an antimalarial reason on file', '') AS basis
FROM judged
