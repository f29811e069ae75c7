-- Courses of magnesium by mouth, each judged at its start, at every renal result during it and when dialysis begins. A
-- judgement holds until the day before the next: that stretch of days is called a spell.
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

orders AS (
    SELECT
        *,
        coalesce(drug_name, ingredient) AS product_name,
        concat(product_class, ' ', coalesce(salt, lower(drug_name))) AS product
    FROM facts.prescriptions
    WHERE
        ingredient = 'magnesium'
        AND (route_group, product_class) IN (
            ('oral', 'supplement'), ('oral', 'laxative_antacid'), ('unknown', 'supplement')
        )
),

dose_steps AS (SELECT * FROM facts.dose_steps WHERE ingredient = 'magnesium'),

people AS (SELECT * FROM facts.people),

renal_function AS (SELECT * FROM facts.renal_function SEMI JOIN exposures USING (patient_id)),

renal_codes AS (SELECT * FROM facts.renal_codes SEMI JOIN exposures USING (patient_id)),

dialysis AS (SELECT * FROM facts.dialysis SEMI JOIN exposures USING (patient_id)),

magnesium_results AS (SELECT * FROM facts.labs WHERE analyte = 'magnesium'),

magnesium_codes AS (SELECT * FROM facts.conditions WHERE condition = 'hypomagnesemia'),

feeds AS (SELECT * FROM facts.feeds),

blind_spots (feed, wording) AS (
    VALUES
    ('diagnoses', '; diagnoses not delivered: CKD stages and dependence on dialysis could not be seen'),
    ('dialysis_sessions', '; dialysis sessions not delivered: dialysis may have been missed'),
    ('procedures', '; procedures not delivered: dialysis may have been missed')
),

courses AS (
    SELECT e.*, p.birth_date, least(e.end_date, $horizon) AS last_day
    FROM exposures AS e
    JOIN people AS p USING (patient_id)
),

-- Whatever tells the renal function, with the days on which it may be used. Of several a lower preference goes first;
-- dialysis counts as no renal function at all, so that the worst tier holds it.
readings AS (
    SELECT
        patient_id,
        from_day AS day,
        to_day AS usable_until,
        1 AS preference,
        'dialysis' AS origin,
        0 AS egfr,
        because AS shown,
        feed,
        row_id
    FROM dialysis
    UNION ALL BY NAME
    SELECT
        patient_id,
        day,
        day + $result_days AS usable_until,
        2 AS preference,
        origin,
        egfr,
        shown,
        creatinine_mg_dl,
        unstable,
        'labs' AS feed,
        row_id
    FROM renal_function
    UNION ALL BY NAME
    SELECT
        patient_id,
        day,
        DATE '9999-12-31' AS usable_until,
        3 AS preference,
        'coded' AS origin,
        egfr_stand_in AS egfr,
        stage AS shown,
        code,
        'diagnoses' AS feed,
        row_id
    FROM renal_codes
),

judged_days AS (
    SELECT exposure_id, start_date AS day
    FROM courses
    UNION
    SELECT c.exposure_id, r.day
    FROM courses AS c
    JOIN readings AS r ON c.patient_id = r.patient_id AND r.day BETWEEN c.start_date AND c.last_day
    WHERE r.origin <> 'dialysis'
    UNION
    SELECT c.exposure_id, min(d.from_day) AS day
    FROM courses AS c
    JOIN dialysis AS d ON c.patient_id = d.patient_id AND d.from_day BETWEEN c.start_date AND c.last_day
    GROUP BY c.exposure_id
),

spells AS (
    SELECT
        c.*,
        j.day,
        coalesce(lead(j.day) OVER (PARTITION BY c.exposure_id ORDER BY j.day) - 1, c.last_day) AS until_day
    FROM judged_days AS j
    JOIN courses AS c USING (exposure_id)
),

spell_readings AS (
    SELECT
        s.exposure_id,
        s.day,
        r.* EXCLUDE (patient_id, day),
        r.day AS read_on
    FROM spells AS s
    JOIN readings AS r ON s.patient_id = r.patient_id AND s.day BETWEEN r.day AND r.usable_until
    QUALIFY row_number() OVER (
            PARTITION BY s.exposure_id, s.day
            ORDER BY r.preference, r.day DESC, r.egfr, r.row_id
        ) = 1
),

spell_doses AS (
    SELECT s.exposure_id, s.day, max(d.elemental_daily_mg) AS elemental_daily_mg
    FROM spells AS s
    JOIN dose_steps AS d
        ON s.exposure_id = d.exposure_id AND d.start_date <= s.until_day AND d.end_date >= s.day
    GROUP BY s.exposure_id, s.day
),

double_orders AS (
    SELECT
        a.patient_id,
        greatest(a.start_date, b.start_date) AS first_day,
        least(a.end_date, b.end_date) AS last_day,
        concat(least(a.product_name, b.product_name), ', ', greatest(a.product_name, b.product_name)) AS names,
        [source_row('prescriptions', a.row_id), source_row('prescriptions', b.row_id)] AS sources
    FROM orders AS a
    JOIN orders AS b
        ON a.patient_id = b.patient_id
            AND a.product < b.product
            AND a.start_date <= b.end_date
            AND b.start_date <= a.end_date
),

spell_doubles AS (
    SELECT s.exposure_id, s.day, o.names, o.sources
    FROM spells AS s
    JOIN double_orders AS o
        ON s.patient_id = o.patient_id AND o.first_day <= s.until_day AND o.last_day >= s.day
    QUALIFY row_number() OVER (PARTITION BY s.exposure_id, s.day ORDER BY o.first_day, o.names) = 1
),

tiers AS (
    SELECT
        s.*,
        r.* EXCLUDE (exposure_id, day),
        d.elemental_daily_mg,
        o.names AS double_names,
        o.sources AS double_sources,
        age_on(s.birth_date, s.day) AS age,
        CASE
            WHEN r.egfr < $critical_below THEN 1
            WHEN r.egfr < $high_below THEN 2
            WHEN r.egfr < $moderate_below THEN 3
            WHEN r.egfr < $info_below THEN 4
            WHEN r.egfr IS NOT NULL THEN 5
            ELSE 6
        END AS tier
    FROM spells AS s
    JOIN spell_doses AS d USING (exposure_id, day)
    LEFT JOIN spell_readings AS r USING (exposure_id, day)
    LEFT JOIN spell_doubles AS o USING (exposure_id, day)
),

weighed AS (
    SELECT
        *,
        concat_ws(
            ', ',
            CASE
                WHEN elemental_daily_mg >= $elemental_mg AND age >= $old_age
                    THEN concat(spoken(round(elemental_daily_mg, 1)), ' mg elemental magnesium a day at ', age)
            END,
            CASE
                WHEN double_names IS NOT NULL
                    THEN concat('two magnesium products at once (', double_names, ')')
            END,
            CASE WHEN length_days > $long_days THEN concat('a course of ', length_days, ' days') END
        ) AS weights
    FROM tiers
),

worst_spells AS (
    SELECT
        *,
        tier = 3 AND weights <> '' AS is_escalated,
        coalesce(preference = 2 AND day - read_on > $stale_days, FALSE) AS stale
    FROM weighed
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY tier, is_escalated DESC, day) = 1
),

low_magnesium_signs AS (
    SELECT
        patient_id,
        collected_on AS day,
        concat(value_as_sent, ' ', unit_as_sent) AS wording,
        'labs' AS feed,
        row_id
    FROM magnesium_results
    WHERE low_magnesium(own_value, own_unit, comparator)
    UNION ALL
    SELECT patient_id, day, code AS wording, 'diagnoses' AS feed, row_id
    FROM magnesium_codes
),

low_magnesium_courses AS (
    SELECT
        c.exposure_id,
        concat('; hypomagnesaemia on file (', l.wording, ' on ', l.day, ')') AS low_magnesium,
        source_row(l.feed, l.row_id) AS source
    FROM courses AS c
    JOIN low_magnesium_signs AS l
        ON c.patient_id = l.patient_id
            AND l.day BETWEEN c.start_date - $low_magnesium_days AND c.last_day
    QUALIFY row_number() OVER (PARTITION BY c.exposure_id ORDER BY l.day DESC, l.wording, l.row_id) = 1
),

unseen AS (
    SELECT coalesce(string_agg(b.wording, '' ORDER BY b.wording), '') AS unseen
    FROM blind_spots AS b
    JOIN feeds AS f USING (feed)
    WHERE NOT f.present
),

worded AS (
    SELECT
        w.*,
        CASE coalesce(w.origin, '')
            WHEN '' THEN ''
            WHEN 'dialysis' THEN concat('on dialysis (', w.shown, ', ', w.read_on, ')')
            WHEN 'coded'
                THEN concat(
                        'with CKD stage ', w.shown, ' (', w.code, ' coded on ', w.read_on, ') and no eGFR within ',
                        $result_days, ' days'
                    )
            ELSE concat(
                    'with eGFR ', w.shown, ' mL/min/1.73 m2 on ', w.read_on, ' (', w.origin,
                    if(w.origin = 'derived', concat(' from creatinine ', spoken(w.creatinine_mg_dl), ' mg/dL'), ''),
                    unstable_words(w.unstable, $unstable_ratio, $unstable_days),
                    if(w.stale, concat(', ', w.day - w.read_on, ' days old: stale'), ''),
                    ')'
                )
        END AS renal,
        CASE
            WHEN w.is_escalated THEN concat('; high because of ', w.weights)
            WHEN w.tier = 3 AND w.elemental_daily_mg IS NULL THEN '; elemental dose unknown'
            ELSE ''
        END AS escalated,
        coalesce(l.low_magnesium, '') AS low_magnesium,
        l.source AS low_magnesium_source,
        u.unseen
    FROM worst_spells AS w
    CROSS JOIN unseen AS u
    LEFT JOIN low_magnesium_courses AS l USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    if(tier <= 4, day, start_date) AS index_date,
    CASE tier WHEN 6 THEN 'not_evaluable' WHEN 5 THEN 'clear' ELSE 'finding' END AS outcome,
    CASE
        WHEN tier = 1 THEN 'critical'
        WHEN tier = 2 OR is_escalated THEN 'high'
        WHEN tier = 3 THEN 'moderate'
        WHEN tier = 4 THEN 'info'
    END AS severity,
    CASE
        WHEN origin = 'dialysis' THEN 'on dialysis'
        WHEN origin = 'coded' THEN concat('CKD stage ', shown, ', coded')
        WHEN tier = 1 THEN concat('eGFR below ', $critical_below)
        WHEN tier = 2 THEN concat('eGFR ', $critical_below, '-', $high_below - 1)
        WHEN tier = 3 THEN concat('eGFR ', $high_below, '-', $moderate_below - 1)
        WHEN tier = 4 THEN concat('eGFR ', $moderate_below, '-', $info_below - 1)
        WHEN tier = 5 THEN concat('eGFR ', $info_below, ' or more')
        ELSE 'no usable renal function'
    END AS reason,
    end_date AS active_until,
    list_sort(list_distinct(list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        if(row_id IS NULL, [], [source_row(feed, row_id)]),
        if(is_escalated, coalesce(double_sources, []), []),
        if(low_magnesium_source IS NULL, [], [low_magnesium_source])
    ))) AS sources,
    coalesce(first_drug_name, ingredient) AS drug_name,
    product_class,
    start_date,
    end_date,
    length_days,
    age,
    CASE WHEN preference = 2 THEN egfr END AS egfr,
    read_on,
    origin,
    stale,
    elemental_daily_mg,
    renal,
    escalated,
    low_magnesium,
    unseen
FROM worded
