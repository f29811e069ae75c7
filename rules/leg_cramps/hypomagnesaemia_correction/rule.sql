-- Courses of magnesium by mouth that answer a low serum magnesium, each with its dose written as oxide and the repeat.
WITH
exposures AS (
    SELECT * FROM facts.exposures
    WHERE
        ingredient = 'magnesium'
        AND (route_group, product_class) IN (
            ('oral', 'supplement'), ('oral', 'laxative_antacid'), ('unknown', 'supplement')
        )
        AND start_date <= $horizon
),

people AS (SELECT * FROM facts.people),

results AS (
    SELECT * FROM facts.labs SEMI JOIN exposures USING (patient_id)
    WHERE analyte = 'magnesium' AND collected_on <= $horizon
),

dose_steps AS (SELECT * FROM facts.dose_steps WHERE ingredient = 'magnesium' AND start_date <= $horizon),

renal_function AS (SELECT * FROM facts.renal_function SEMI JOIN exposures USING (patient_id)),

renal_codes AS (SELECT * FROM facts.renal_codes SEMI JOIN exposures USING (patient_id)),

dialysis AS (SELECT * FROM facts.dialysis SEMI JOIN exposures USING (patient_id)),

feeds AS (SELECT * FROM facts.feeds),

blind_spots (feed, wording) AS (
    VALUES
    ('diagnoses', '; diagnoses not delivered: CKD stages and dependence on dialysis could not be seen'),
    ('dialysis_sessions', '; dialysis sessions not delivered: dialysis may have been missed'),
    ('procedures', '; procedures not delivered: dialysis may have been missed')
),

low_results AS (SELECT * FROM results WHERE low_magnesium(own_value, own_unit, comparator)),

courses AS (
    SELECT
        e.*,
        p.death_date,
        e.start_date + $repeat_days AS window_end,
        least(e.end_date, $horizon) AS last_day,
        l.row_id AS low_id,
        concat_ws(' ', l.value_as_sent, l.unit_as_sent, 'on', l.collected_on) AS low_result
    FROM exposures AS e
    JOIN people AS p USING (patient_id)
    JOIN low_results AS l
        ON e.patient_id = l.patient_id
            AND e.start_date - l.collected_on BETWEEN $earliest_start AND $latest_start
    QUALIFY row_number() OVER (PARTITION BY e.exposure_id ORDER BY l.collected_at DESC, l.row_id) = 1
),

repeats AS (
    SELECT c.exposure_id, r.row_id AS repeat_id, r.collected_on AS repeat_on
    FROM courses AS c
    JOIN results AS r
        ON c.patient_id = r.patient_id
            AND r.collected_on BETWEEN c.start_date + 1 AND c.window_end
    QUALIFY row_number() OVER (PARTITION BY c.exposure_id ORDER BY r.collected_at, r.row_id) = 1
),

settled_doses AS (
    SELECT
        c.exposure_id,
        d.elemental_daily_mg AS elemental_mg,
        round(d.elemental_daily_mg / $oxide_fraction, 1) AS oxide_mg,
        d.as_needed
    FROM courses AS c
    JOIN dose_steps AS d USING (exposure_id)
    QUALIFY row_number() OVER (
            PARTITION BY c.exposure_id ORDER BY least(d.end_date, c.window_end) - d.start_date DESC, d.start_date DESC
        ) = 1
),

readings AS (
    SELECT c.exposure_id, r.egfr, r.shown, r.day, r.row_id, r.day > c.start_date AS is_later
    FROM courses AS c
    JOIN renal_function AS r
        ON c.patient_id = r.patient_id
            AND r.day BETWEEN c.start_date - $result_days AND c.last_day
),

judged_readings AS (
    SELECT *
    FROM readings
    QUALIFY is_later OR row_number() OVER (PARTITION BY exposure_id, is_later ORDER BY day DESC) = 1
),

staged_courses AS (
    SELECT c.exposure_id, c.patient_id, greatest(k.day, c.start_date) AS judged_on, k.stage, k.code, k.day, k.row_id
    FROM courses AS c
    JOIN renal_codes AS k ON c.patient_id = k.patient_id AND k.day <= c.last_day
    WHERE k.egfr_stand_in < $reduced_below
),

coded_courses AS (
    SELECT s.*
    FROM staged_courses AS s
    ANTI JOIN renal_function AS r
        ON s.patient_id = r.patient_id
            AND r.day BETWEEN s.judged_on - $result_days AND s.judged_on
),

renal_signs AS (
    SELECT
        c.exposure_id,
        1 AS place,
        d.from_day AS day,
        concat(', on dialysis (', d.because, ', ', d.from_day, ')') AS told,
        source_row(d.feed, d.row_id) AS source
    FROM courses AS c
    JOIN dialysis AS d
        ON c.patient_id = d.patient_id
            AND d.from_day <= c.last_day
            AND d.to_day >= c.start_date
    UNION ALL BY NAME
    SELECT
        exposure_id,
        2 AS place,
        egfr,
        day,
        concat(', with eGFR ', shown, ' mL/min/1.73 m2 on ', day) AS told,
        source_row('labs', row_id) AS source
    FROM judged_readings
    WHERE egfr < $reduced_below
    UNION ALL BY NAME
    SELECT
        exposure_id,
        3 AS place,
        day,
        concat(', with CKD stage ', stage, ' (', code, ' coded on ', day, ')') AS told,
        source_row('diagnoses', row_id) AS source
    FROM coded_courses
),

renal_courses AS (
    SELECT exposure_id, told, source
    FROM renal_signs
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY place, egfr, day DESC, told, source) = 1
),

unseen AS (
    SELECT coalesce(string_agg(b.wording, '' ORDER BY b.wording), '') AS unseen
    FROM blind_spots AS b
    JOIN feeds AS f USING (feed)
    WHERE NOT f.present
),

weighed AS (
    SELECT
        c.*,
        r.repeat_id,
        r.repeat_on,
        d.elemental_mg,
        d.oxide_mg,
        d.as_needed,
        r.repeat_id IS NULL AND c.death_date <= c.window_end AS is_cut_short,
        r.repeat_id IS NULL AND c.window_end <= $horizon AND coalesce(c.death_date > c.window_end, TRUE) AS lacks_repeat,
        coalesce(d.oxide_mg NOT BETWEEN $least_mg AND $most_mg, FALSE) AS is_outside
    FROM courses AS c
    JOIN settled_doses AS d USING (exposure_id)
    LEFT JOIN repeats AS r USING (exposure_id)
),

judged AS (
    SELECT
        w.*,
        if(w.lacks_repeat, coalesce(k.told, ''), '') AS renal,
        k.source AS renal_source,
        if(w.lacks_repeat AND k.told IS NULL, u.unseen, '') AS unseen,
        CASE
            WHEN w.lacks_repeat OR w.is_outside THEN 'finding'
            WHEN w.is_cut_short THEN 'excluded'
            WHEN w.repeat_id IS NULL THEN 'pending'
            WHEN w.oxide_mg IS NULL THEN 'not_evaluable'
            ELSE 'clear'
        END AS outcome
    FROM weighed AS w
    CROSS JOIN unseen AS u
    LEFT JOIN renal_courses AS k USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    start_date AS index_date,
    outcome,
    CASE
        WHEN renal <> '' THEN 'moderate'
        WHEN lacks_repeat THEN 'low'
        ELSE 'info'
    END AS severity,
    CASE outcome
        WHEN 'finding'
            THEN concat_ws(
                    '; ',
                    if(lacks_repeat, 'no repeat magnesium', NULL),
                    if(is_outside, 'dose outside the range that corrects a deficiency', NULL)
                )
        WHEN 'excluded' THEN 'died before the repeat was due'
        WHEN 'pending' THEN 'window still open'
        WHEN 'not_evaluable' THEN 'repeated, but the dose is unknown'
        ELSE 'repeated, and the dose corrects a deficiency'
    END AS reason,
    end_date AS active_until,
    if(lacks_repeat, window_end, NULL) AS judged_from,
    list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        [source_row('labs', low_id)],
        if(repeat_id IS NULL, [], [source_row('labs', repeat_id)]),
        if(renal = '', [], [renal_source])
    ) AS sources,
    coalesce(first_drug_name, ingredient) AS drug_name,
    product_class,
    start_date,
    low_result,
    repeat_on,
    window_end,
    elemental_mg,
    oxide_mg,
    concat_ws(
        '; ',
        if(
            lacks_repeat,
            concat('no repeat magnesium on file from ', start_date + 1, ' to ', window_end, renal),
            NULL
        ),
        if(
            is_outside,
            concat(
                'the dose is worth ', spoken(oxide_mg), ' mg of magnesium oxide a day', if(as_needed, ' at most (as needed)', ''),
                ', outside the ', $least_mg, '-', $most_mg, ' mg (12-24 mmol) that correct a deficiency'
            ),
            NULL
        )
    ) AS told,
    renal,
    unseen
FROM judged
