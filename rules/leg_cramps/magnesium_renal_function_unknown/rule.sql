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

judged AS (
    SELECT
        c.*,
        s.result_id,
        s.last_result_on,
        d.source AS dialysis_source,
        CASE
            WHEN s.result_id IS NOT NULL OR d.source IS NOT NULL THEN 'clear'
            WHEN c.window_end > $horizon THEN 'pending'
            ELSE 'finding'
        END AS outcome
    FROM courses AS c
    LEFT JOIN results_so_far AS s USING (exposure_id)
    LEFT JOIN dialysed_courses AS d USING (exposure_id)
),

findings AS (SELECT * FROM judged WHERE outcome = 'finding'),

coded_risks AS (
    SELECT f.exposure_id, r.wording, d.code, d.day, d.row_id
    FROM findings AS f
    JOIN conditions AS d ON f.patient_id = d.patient_id AND d.day <= f.last_day
    JOIN risk_conditions AS r USING (condition)
    WHERE d.resolved_on IS NULL OR d.resolved_on >= f.start_date
    QUALIFY row_number() OVER (PARTITION BY f.exposure_id, r.wording ORDER BY d.day DESC, d.row_id) = 1
),

risks AS (
    SELECT
        exposure_id,
        concat('age ', age) AS wording,
        source_row('prescriptions', first_prescription_id) AS source
    FROM findings
    WHERE age >= $old_age
    UNION ALL
    SELECT
        exposure_id,
        concat(wording, ' (', code, ' on ', day, ')') AS wording,
        source_row('diagnoses', row_id) AS source
    FROM coded_risks
),

risky_findings AS (
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
)

SELECT
    j.exposure_id AS unit_id,
    j.patient_id,
    j.start_date AS index_date,
    j.outcome,
    if(r.exposure_id IS NULL, 'moderate', 'high') AS severity,
    CASE
        WHEN j.result_id IS NOT NULL THEN 'renal result in the window'
        WHEN j.dialysis_source IS NOT NULL THEN 'on dialysis'
        WHEN j.outcome = 'pending' THEN 'window still open'
        ELSE 'no renal result in the window'
    END AS reason,
    j.end_date AS active_until,
    list_sort(list_distinct(list_concat(
        list_transform(j.prescription_ids, lambda id: source_row('prescriptions', id)),
        if(j.result_id IS NULL, [], [source_row('labs', j.result_id)]),
        if(j.dialysis_source IS NULL, [], [j.dialysis_source]),
        coalesce(r.sources, [])
    ))) AS sources,
    coalesce(j.first_drug_name, j.ingredient) AS drug_name,
    j.start_date,
    j.end_date,
    j.length_days,
    j.age,
    j.window_start,
    j.window_end,
    coalesce('the latest up to then is of ' || j.last_result_on, 'none up to then') AS last_result,
    coalesce(r.risks, '') AS risks,
    u.unseen
FROM judged AS j
CROSS JOIN unseen AS u
LEFT JOIN risky_findings AS r USING (exposure_id)
