-- First cramps, each with the tests that were taken soon after it and the diseases that cramps go along with.
WITH
evidence AS (SELECT * FROM facts.cramp_evidence WHERE tier IN ('A', 'B') AND day <= $horizon),

people AS (SELECT * FROM facts.people),

labs AS (
    SELECT * FROM facts.labs SEMI JOIN evidence USING (patient_id)
    WHERE
        analyte IN ('tsh', 'platelets', 'sodium', 'potassium', 'calcium', 'magnesium')
        AND collected_on <= $horizon
),

conditions AS (SELECT * FROM facts.conditions SEMI JOIN evidence USING (patient_id) WHERE day <= $horizon),

dialysis AS (SELECT * FROM facts.dialysis SEMI JOIN evidence USING (patient_id) WHERE from_day <= $horizon),

pregnancies AS (SELECT * FROM facts.pregnancies SEMI JOIN evidence USING (patient_id) WHERE start_date <= $horizon),

cramp_days AS (
    SELECT
        patient_id,
        day,
        arg_min(because, (tier, because)) AS because,
        list(source_row(feed, row_id)) AS cramp_sources
    FROM evidence
    GROUP BY patient_id, day
),

first_cramps AS (
    SELECT
        *,
        day + $test_days AS window_end,
        day - $condition_days AS conditions_from
    FROM cramp_days
    QUALIFY coalesce(day - lag(day) OVER (PARTITION BY patient_id ORDER BY day) > $cramp_free_days, TRUE)
),

tested_cramps AS (
    SELECT
        f.patient_id,
        f.day,
        count(DISTINCT l.analyte) AS tests,
        bool_or(l.analyte = 'tsh') AS tsh,
        bool_or(l.analyte = 'platelets') AS platelets,
        bool_or(l.analyte = 'sodium') AS sodium,
        bool_or(l.analyte = 'potassium') AS potassium,
        bool_or(l.analyte = 'calcium') AS calcium,
        bool_or(l.analyte = 'magnesium') AS magnesium,
        list(source_row('labs', l.row_id)) AS test_sources
    FROM first_cramps AS f
    JOIN labs AS l ON f.patient_id = l.patient_id AND l.collected_on BETWEEN f.day AND f.window_end
    GROUP BY f.patient_id, f.day
),

-- Whatever cramps go along with, with the days on which it counts.
diseases AS (
    SELECT patient_id, condition, day AS from_day, day AS to_day, source_row('diagnoses', row_id) AS source
    FROM conditions
    WHERE
        condition IN (
            'cirrhosis', 'lumbar_stenosis', 'claudication_pad', 'diabetes', 'hypothyroidism', 'hypokalemia', 'hypocalcemia',
            'hypomagnesemia', 'peripheral_neuropathy'
        )
    UNION ALL
    SELECT patient_id, 'dialysis', from_day, to_day, source_row(feed, row_id)
    FROM dialysis
    UNION ALL
    SELECT g.patient_id, 'pregnancy', g.start_date, g.end_date, source_row('diagnoses', g.row_id)
    FROM pregnancies AS g
    JOIN people AS p USING (patient_id)
    WHERE p.sex <> 'male'
),

diseased_cramps AS (
    SELECT
        f.patient_id,
        f.day,
        bool_or(d.condition = 'cirrhosis') AS cirrhosis,
        bool_or(d.condition = 'dialysis') AS dialysis,
        bool_or(d.condition = 'pregnancy') AS pregnancy,
        bool_or(d.condition = 'lumbar_stenosis') AS lumbar_stenosis,
        bool_or(d.condition = 'claudication_pad') AS peripheral_arterial_disease,
        bool_or(d.condition = 'diabetes') AS diabetes,
        bool_or(d.condition = 'hypothyroidism') AS hypothyroidism,
        bool_or(d.condition = 'hypokalemia') AS hypokalaemia,
        bool_or(d.condition = 'hypocalcemia') AS hypocalcaemia,
        bool_or(d.condition = 'hypomagnesemia') AS hypomagnesaemia,
        bool_or(d.condition = 'peripheral_neuropathy') AS peripheral_neuropathy,
        list(d.source) AS disease_sources
    FROM first_cramps AS f
    JOIN diseases AS d
        ON f.patient_id = d.patient_id
            AND d.from_day <= f.window_end
            AND d.to_day >= f.conditions_from
    GROUP BY f.patient_id, f.day
),

described AS (
    SELECT *
    FROM first_cramps
    LEFT JOIN tested_cramps USING (patient_id, day)
    LEFT JOIN diseased_cramps USING (patient_id, day)
)

SELECT
    concat_ws('|', patient_id, day) AS unit_id,
    patient_id,
    day AS index_date,
    if(window_end > $horizon, 'pending', 'clear') AS outcome,
    CAST(NULL AS VARCHAR) AS severity,
    if(window_end > $horizon, 'window still open', 'described') AS reason,
    CAST(NULL AS DATE) AS active_until,
    list_concat(cramp_sources, coalesce(test_sources, []), coalesce(disease_sources, [])) AS sources,
    because,
    window_end,
    coalesce(tests, 0) AS tests,
    coalesce(tsh, FALSE) AS tsh,
    coalesce(platelets, FALSE) AS platelets,
    coalesce(sodium, FALSE) AS sodium,
    coalesce(potassium, FALSE) AS potassium,
    coalesce(calcium, FALSE) AS calcium,
    coalesce(magnesium, FALSE) AS magnesium,
    coalesce(NOT (cirrhosis OR dialysis OR pregnancy OR lumbar_stenosis OR peripheral_arterial_disease), TRUE) AS idiopathic,
    coalesce(cirrhosis, FALSE) AS cirrhosis,
    coalesce(dialysis, FALSE) AS dialysis,
    coalesce(pregnancy, FALSE) AS pregnancy,
    coalesce(lumbar_stenosis, FALSE) AS lumbar_stenosis,
    coalesce(peripheral_arterial_disease, FALSE) AS peripheral_arterial_disease,
    coalesce(diabetes, FALSE) AS diabetes,
    coalesce(hypothyroidism, FALSE) AS hypothyroidism,
    coalesce(hypokalaemia, FALSE) AS hypokalaemia,
    coalesce(hypocalcaemia, FALSE) AS hypocalcaemia,
    coalesce(hypomagnesaemia, FALSE) AS hypomagnesaemia,
    coalesce(peripheral_neuropathy, FALSE) AS peripheral_neuropathy
FROM described
