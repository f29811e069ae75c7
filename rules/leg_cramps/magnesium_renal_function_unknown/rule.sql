-- Longer courses of magnesium by mouth, each with the window in which the kidneys should have been looked at.
WITH
exposures AS (
    SELECT * FROM facts.exposures
    WHERE
        ingredient = 'magnesium'
        AND (route_group, product_class) IN (
            ('oral', 'supplement'), ('oral', 'laxative_antacid'), ('unknown', 'supplement')
        )
        AND length_days >= $min_days
        AND start_date <= $horizon
),

people AS (SELECT * FROM facts.people),

renal_results AS (
    SELECT * FROM facts.labs
    WHERE analyte IN ('creatinine', 'egfr') AND collected_on <= $horizon
),

dialysis AS (SELECT * FROM facts.dialysis WHERE from_day <= $horizon),

conditions AS (SELECT * FROM facts.conditions),

feeds AS (SELECT * FROM facts.feeds),

risk_conditions (condition, wording) AS (
    VALUES
    ('diabetes', 'diabetes'),
    ('heart_failure', 'heart failure'),
    ('ckd_by_stage', 'chronic kidney disease')
),

blind_spots (feed, wording) AS (
    VALUES
    (
        'diagnoses',
        '; diagnoses not delivered: diabetes, heart failure, kidney disease and dependence on dialysis could not be seen'
    ),
    ('dialysis_sessions', '; dialysis sessions not delivered: dialysis may have been missed'),
    ('procedures', '; procedures not delivered: dialysis may have been missed')
),

courses AS (
    SELECT
        e.*,
        e.start_date - $days_before AS window_start,
        e.start_date + $days_after AS window_end,
        least(e.end_date, $horizon) AS last_day,
        age_on(p.birth_date, e.start_date) AS age
    FROM exposures AS e
    JOIN people AS p USING (patient_id)
),

results_so_far AS (
    SELECT
        c.exposure_id,
        arg_max(r.row_id, (r.collected_at, r.row_id)) FILTER (WHERE r.collected_on >= c.window_start) AS result_id,
        max(r.collected_on) AS last_result_on
    FROM courses AS c
    JOIN renal_results AS r ON c.patient_id = r.patient_id AND r.collected_on <= c.window_end
    GROUP BY c.exposure_id
),

dialysed_courses AS (
    SELECT c.exposure_id, source_row(d.feed, d.row_id) AS source
    FROM courses AS c
    JOIN dialysis AS d
        ON c.patient_id = d.patient_id
            AND d.from_day <= c.window_end
            AND d.to_day >= c.start_date
    QUALIFY row_number() OVER (PARTITION BY c.exposure_id ORDER BY d.from_day, d.row_id) = 1
),

coded_risks AS (
    SELECT c.exposure_id, r.wording, d.code, d.day, d.row_id
    FROM courses AS c
    JOIN conditions AS d ON c.patient_id = d.patient_id AND d.day <= c.last_day
    JOIN risk_conditions AS r USING (condition)
    WHERE d.resolved_on IS NULL OR d.resolved_on >= c.start_date
    QUALIFY row_number() OVER (PARTITION BY c.exposure_id, r.wording ORDER BY d.day DESC, d.row_id) = 1
),

risks AS (
    SELECT
        exposure_id,
        concat('age ', age) AS wording,
        source_row('prescriptions', first_prescription_id) AS source
    FROM courses
    WHERE age >= $old_age
    UNION ALL
    SELECT
        exposure_id,
        concat(wording, ' (', code, ' on ', day, ')') AS wording,
        source_row('diagnoses', row_id) AS source
    FROM coded_risks
),

risky_courses AS (
    SELECT
        exposure_id,
        concat(': high because of ', string_agg(wording, ', ' ORDER BY wording)) AS risks,
        list(source) AS sources
    FROM risks
    GROUP BY exposure_id
),

unseen AS (
    SELECT coalesce(string_agg(b.wording, '' ORDER BY b.wording), '') AS unseen
    FROM blind_spots AS b
    JOIN feeds AS f USING (feed)
    WHERE NOT f.present
),

described AS (
    SELECT
        c.*,
        s.result_id,
        s.last_result_on,
        d.source AS dialysis_source,
        s.result_id IS NOT NULL OR d.source IS NOT NULL AS is_known,
        c.window_end > $horizon AS is_open,
        coalesce(r.risks, '') AS risks,
        r.sources AS risk_sources,
        u.unseen
    FROM courses AS c
    CROSS JOIN unseen AS u
    LEFT JOIN results_so_far AS s USING (exposure_id)
    LEFT JOIN dialysed_courses AS d USING (exposure_id)
    LEFT JOIN risky_courses AS r USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    start_date AS index_date,
    CASE
        WHEN is_known THEN 'clear'
        WHEN is_open THEN 'pending'
        ELSE 'finding'
    END AS outcome,
    if(risks = '', 'moderate', 'high') AS severity,
    CASE
        WHEN result_id IS NOT NULL THEN 'renal result in the window'
        WHEN dialysis_source IS NOT NULL THEN 'on dialysis'
        WHEN is_open THEN concat('window open until ', window_end)
        ELSE 'no renal result in the window'
    END AS reason,
    end_date AS active_until,
    list_sort(list_distinct(list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        if(result_id IS NULL, [], [source_row('labs', result_id)]),
        if(dialysis_source IS NULL, [], [dialysis_source]),
        coalesce(risk_sources, [])
    ))) AS sources,
    coalesce(first_drug_name, ingredient) AS drug_name,
    start_date,
    end_date,
    length_days,
    age,
    window_start,
    window_end,
    coalesce('the latest up to then is of ' || last_result_on, 'none up to then') AS last_result,
    risks,
    unseen
FROM described
