-- Courses of magnesium by mouth, each with the highest serum magnesium during it; longer ones without any, with the kidneys.
WITH
courses AS (
    SELECT
        *,
        start_date - $days_before AS watched_from,
        end_date + $days_after AS window_end,
        least(end_date, $horizon) AS last_day,
        least(end_date + $days_after, start_date + $patience_days) AS known_from
    FROM facts.exposures
    WHERE
        ingredient = 'magnesium'
        AND (route_group, product_class) IN (
            ('oral', 'supplement'), ('oral', 'laxative_antacid'), ('unknown', 'supplement')
        )
        AND start_date <= $horizon
),

magnesium_results AS (
    SELECT * FROM facts.labs SEMI JOIN courses USING (patient_id)
    WHERE analyte = 'magnesium' AND collected_on <= $horizon
),

renal_function AS (SELECT * FROM facts.renal_function SEMI JOIN courses USING (patient_id)),

renal_codes AS (SELECT * FROM facts.renal_codes SEMI JOIN courses USING (patient_id)),

dialysis AS (SELECT * FROM facts.dialysis SEMI JOIN courses USING (patient_id)),

feeds AS (SELECT * FROM facts.feeds),

blind_spots (feed, wording) AS (
    VALUES
    ('diagnoses', 'diagnoses not delivered: CKD stages and dependence on dialysis could not be seen'),
    ('dialysis_sessions', 'dialysis sessions not delivered: dialysis may have been missed'),
    ('procedures', 'procedures not delivered: dialysis may have been missed')
),

-- The second limit has a number in mmol/L too, and each result is compared in its own unit. `>4` is above 4.
weighed_results AS (
    SELECT
        *,
        coalesce(comparator = '>', FALSE) AS is_beyond,
        CASE own_unit
            WHEN 'mmol/L' THEN own_value / $high_above_mmol
            WHEN 'meq/L' THEN own_value / (2 * $high_above_mmol)
            WHEN 'umol/L' THEN own_value / (1000 * $high_above_mmol)
            ELSE value / $high_above
        END AS share_of_high
    FROM magnesium_results
),

-- A limit tells something only where all that it may mean is on one side of the lowest threshold.
graded_results AS (
    SELECT
        *,
        CASE
            WHEN (value, is_beyond) > ($critical_above, FALSE) THEN 1
            WHEN (share_of_high, is_beyond) > (1, FALSE) THEN 2
            WHEN value >= $moderate_from AND coalesce(comparator, '') <> '<' THEN 3
            ELSE 4
        END AS tier,
        CASE
            WHEN comparator = '<' THEN value <= $moderate_from
            WHEN comparator = '<=' THEN value < $moderate_from
            WHEN comparator IS NOT NULL THEN value >= $moderate_from
            ELSE TRUE
        END AS is_usable
    FROM weighed_results
),

course_results AS (
    SELECT
        c.exposure_id,
        c.start_date,
        r.*
    FROM courses AS c
    JOIN graded_results AS r
        ON c.patient_id = r.patient_id
            AND r.collected_on BETWEEN c.watched_from AND c.window_end
),

highest_results AS (
    SELECT
        exposure_id,
        tier,
        value,
        concat(value_as_sent, ' ', unit_as_sent) AS shown,
        collected_on AS highest_on,
        row_id,
        count(*) OVER (PARTITION BY exposure_id) AS results,
        min(collected_on) FILTER (WHERE tier <= 3) OVER (PARTITION BY exposure_id) AS first_day
    FROM course_results
    WHERE collected_on >= start_date AND is_usable
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY tier, value DESC, collected_at, row_id) = 1
),

unwatched_courses AS (
    SELECT *
    FROM courses
    ANTI JOIN course_results USING (exposure_id)
    WHERE length_days >= $min_days AND known_from <= $horizon
),

-- The latest result up to the start, and those during the course.
renal_results AS (
    SELECT c.exposure_id, f.*
    FROM unwatched_courses AS c
    JOIN renal_function AS f
        ON c.patient_id = f.patient_id
            AND f.day BETWEEN c.start_date - $result_days AND c.last_day
    QUALIFY f.day >= coalesce(max(f.day) FILTER (WHERE f.day <= c.start_date) OVER (PARTITION BY c.exposure_id), f.day)
),

-- A code stands in where no result of the days before can be used.
standing_codes AS (
    SELECT c.exposure_id, k.*
    FROM unwatched_courses AS c
    JOIN renal_codes AS k ON c.patient_id = k.patient_id AND k.day <= c.last_day
    ANTI JOIN renal_function AS f
        ON k.patient_id = f.patient_id
            AND f.day BETWEEN greatest(k.day, c.start_date) - $result_days AND greatest(k.day, c.start_date)
),

kidneys AS (
    SELECT exposure_id, egfr, day, shown, origin, 'labs' AS feed, row_id
    FROM renal_results
    UNION ALL
    SELECT exposure_id, egfr_stand_in, day, concat(stage, ' (', code), 'coded', 'diagnoses', row_id
    FROM standing_codes
    UNION ALL
    SELECT c.exposure_id, 0, d.from_day, d.because, 'dialysis', d.feed, d.row_id
    FROM unwatched_courses AS c
    JOIN dialysis AS d
        ON c.patient_id = d.patient_id
            AND d.from_day <= c.last_day
            AND d.to_day >= c.start_date
),

worst_kidneys AS (
    SELECT *
    FROM kidneys
    WHERE egfr < $egfr_below
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY egfr, day, shown, row_id) = 1
),

unseen AS (
    SELECT coalesce(string_agg(b.wording, '; ' ORDER BY b.wording), '') AS unseen
    FROM blind_spots AS b
    JOIN feeds AS f USING (feed)
    WHERE NOT f.present
),

judged AS (
    SELECT
        c.*,
        h.* EXCLUDE (exposure_id, row_id),
        u.unseen,
        CASE
            WHEN h.tier <= 3 THEN 'high'
            WHEN k.exposure_id IS NOT NULL THEN 'unmonitored'
            WHEN c.window_end > $horizon THEN 'open'
            WHEN h.tier = 4 THEN 'normal'
            ELSE 'unknown'
        END AS verdict,
        k.egfr,
        k.origin AS kidney_origin,
        CASE k.origin
            WHEN 'dialysis' THEN concat('on dialysis (', k.shown, ', ', k.day, ')')
            WHEN 'coded' THEN concat('with CKD stage ', k.shown, ' coded on ', k.day, ')')
            ELSE concat('with eGFR ', k.shown, ' mL/min/1.73 m2 on ', k.day, ' (', k.origin, ')')
        END AS kidney,
        [source_row('labs', h.row_id), source_row(k.feed, k.row_id)] AS record_sources
    FROM courses AS c
    CROSS JOIN unseen AS u
    LEFT JOIN highest_results AS h USING (exposure_id)
    LEFT JOIN worst_kidneys AS k USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    if(verdict = 'high', first_day, start_date) AS index_date,
    CASE verdict
        WHEN 'open' THEN 'pending'
        WHEN 'normal' THEN 'clear'
        WHEN 'unknown' THEN 'not_evaluable'
        ELSE 'finding'
    END AS outcome,
    CASE tier WHEN 1 THEN 'critical' WHEN 2 THEN 'high' ELSE 'moderate' END AS severity,
    CASE verdict
        WHEN 'high'
            THEN CASE tier
                    WHEN 1 THEN concat('above ', spoken($critical_above), ' mg/dL')
                    WHEN 2 THEN concat('above ', spoken($high_above), ' mg/dL')
                    ELSE concat(spoken($moderate_from), ' mg/dL or more')
                END
        WHEN 'unmonitored' THEN 'unmonitored'
        WHEN 'open' THEN 'the window is not over'
        WHEN 'normal' THEN concat('never ', spoken($moderate_from), ' mg/dL or more')
        ELSE 'no serum magnesium during the course'
    END AS reason,
    end_date AS active_until,
    if(verdict = 'high', highest_on, known_from) AS judged_from,
    list_filter(
        list_concat(list_transform(prescription_ids, lambda id: source_row('prescriptions', id)), record_sources),
        lambda source: source.row_id <> ''
    ) AS sources,
    coalesce(first_drug_name, ingredient) AS drug_name,
    product_class,
    start_date,
    end_date,
    length_days,
    value AS highest_mg_dl,
    highest_on,
    results,
    egfr,
    kidney_origin,
    CASE verdict
        WHEN 'high'
            THEN concat(
                    'serum magnesium ', shown, ' on ', highest_on,
                    if(results = 1, '', concat(', the highest of ', results, ' results')),
                    if(first_day = highest_on, '', concat(', and ', spoken($moderate_from), ' mg/dL or more since ', first_day))
                )
        WHEN 'unmonitored'
            THEN concat('no serum magnesium from ', watched_from, ' to ', least(window_end, $horizon), ', ', kidney)
    END AS told,
    unseen
FROM judged
