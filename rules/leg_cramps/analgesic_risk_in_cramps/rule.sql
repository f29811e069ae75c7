-- Courses of a systemic anti-inflammatory drug in patients with leg cramps, each with what makes such a drug dangerous.
WITH
exposures AS (SELECT * FROM facts.exposures WHERE start_date <= $horizon),

people AS (SELECT * FROM facts.people),

nsaids AS (SELECT ingredient FROM facts.drug_sets WHERE list = 'nsaid_systemic'),

stomach_protectors AS (SELECT ingredient FROM facts.drug_sets WHERE list = 'ppi'),

anticoagulants AS (SELECT ingredient FROM facts.drug_sets WHERE list = 'anticoagulant'),

cramps AS (SELECT * FROM facts.cramp_evidence WHERE tier IN ('A', 'B') AND day <= $horizon),

renal_function AS (SELECT * FROM facts.renal_function SEMI JOIN cramps USING (patient_id)),

renal_codes AS (SELECT * FROM facts.renal_codes SEMI JOIN cramps USING (patient_id)),

dialysis AS (SELECT * FROM facts.dialysis SEMI JOIN cramps USING (patient_id)),

feeds AS (SELECT * FROM facts.feeds),

blind_spots (feed, wording) AS (
    VALUES
    ('diagnoses', '; diagnoses not delivered: CKD stages and dependence on dialysis could not be seen'),
    ('dialysis_sessions', '; dialysis sessions not delivered: dialysis may have been missed'),
    ('labs', '; laboratory results not delivered: renal function could not be seen'),
    ('procedures', '; procedures not delivered: dialysis may have been missed')
),

birthdays AS (
    SELECT
        patient_id,
        birth_date,
        CAST(birth_date + to_years(CAST($old_age AS INTEGER)) AS DATE) AS anniversary
    FROM people
),

ages AS (
    SELECT
        patient_id,
        birth_date,
        -- Born on 29 February: a year older on 1 March of a common year.
        anniversary + CAST(age_on(birth_date, anniversary) < $old_age AS INTEGER) AS old_from
    FROM birthdays
),

-- The record of cramps nearest to the start stands for all.
courses AS (
    SELECT
        e.*,
        a.birth_date,
        a.old_from,
        least(e.end_date, $horizon) AS last_day,
        concat(k.because, ' on ', k.day) AS cramp,
        source_row(k.feed, k.row_id) AS cramp_source
    FROM exposures AS e
    SEMI JOIN nsaids AS n ON e.ingredient = n.ingredient
    JOIN ages AS a ON e.patient_id = a.patient_id
    JOIN cramps AS k
        ON e.patient_id = k.patient_id
            AND k.day BETWEEN e.start_date - $cramp_days AND e.start_date + $cramp_days
    WHERE e.route_group NOT IN ('topical', 'ophthalmic')
    QUALIFY row_number() OVER (
            PARTITION BY e.exposure_id
            ORDER BY abs(k.day - e.start_date), k.day, k.tier, k.row_id, k.because
        ) = 1
),

protected_courses AS (
    SELECT c.exposure_id
    FROM courses AS c
    JOIN exposures AS p ON c.patient_id = p.patient_id AND p.start_date <= c.last_day AND p.end_date >= c.start_date
    SEMI JOIN stomach_protectors AS s ON p.ingredient = s.ingredient
),

anticoagulations AS (
    SELECT
        c.exposure_id,
        greatest(a.start_date, c.start_date) AS day,
        concat(coalesce(a.first_drug_name, a.ingredient), ' from ', a.start_date, ' to ', a.end_date) AS wording,
        list_transform(a.prescription_ids, lambda id: source_row('prescriptions', id)) AS sources
    FROM courses AS c
    JOIN exposures AS a ON c.patient_id = a.patient_id AND a.start_date <= c.last_day AND a.end_date >= c.start_date
    SEMI JOIN anticoagulants AS s ON a.ingredient = s.ingredient
),

-- Whatever tells the renal function, with the days on which it may be used. Of several a lower preference goes first.
readings AS (
    SELECT
        patient_id,
        from_day AS day,
        to_day AS usable_until,
        1 AS preference,
        0 AS egfr,
        concat('on dialysis (', because, ', ', from_day, ')') AS wording,
        feed,
        row_id
    FROM dialysis
    UNION ALL
    SELECT
        patient_id,
        day,
        day + $result_days AS usable_until,
        2 AS preference,
        egfr,
        concat(
            'eGFR ', shown, ' mL/min/1.73 m2 on ', day, ' (', origin,
            unstable_words(unstable, $unstable_ratio, $unstable_days), ')'
        ) AS wording,
        'labs' AS feed,
        row_id
    FROM renal_function
    UNION ALL
    SELECT
        patient_id,
        day,
        DATE '9999-12-31' AS usable_until,
        3 AS preference,
        egfr_stand_in AS egfr,
        concat('CKD stage ', stage, ' (', code, ' coded on ', day, ') and no eGFR within ', $result_days, ' days') AS wording,
        'diagnoses' AS feed,
        row_id
    FROM renal_codes
),

-- The first day, for what was known by then, and the day of everything that came to be known during the course.
judged_days AS (
    SELECT DISTINCT c.exposure_id, greatest(r.day, c.start_date) AS day
    FROM courses AS c
    JOIN readings AS r ON c.patient_id = r.patient_id AND r.day <= c.last_day
),

chosen_readings AS (
    SELECT
        j.exposure_id,
        j.day,
        r.egfr,
        concat(
            r.wording, if(r.preference = 2 AND j.day - r.day > $stale_days, concat(', ', j.day - r.day, ' days old: stale'), '')
        ) AS wording,
        source_row(r.feed, r.row_id) AS source
    FROM judged_days AS j
    JOIN courses AS c USING (exposure_id)
    JOIN readings AS r ON c.patient_id = r.patient_id AND j.day BETWEEN r.day AND r.usable_until
    QUALIFY row_number() OVER (
            PARTITION BY j.exposure_id, j.day
            ORDER BY r.preference, r.day DESC, r.egfr, r.row_id
        ) = 1
),

low_readings AS (
    SELECT *
    FROM chosen_readings
    WHERE egfr < $egfr_below
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY day) = 1
),

risks AS (
    SELECT
        exposure_id,
        1 AS place,
        concat($old_age, ' or older without a PPI') AS reason,
        greatest(old_from, start_date) AS day,
        concat('age ', age_on(birth_date, greatest(old_from, start_date)), ' and no PPI') AS wording,
        [] AS sources
    FROM courses
    ANTI JOIN protected_courses USING (exposure_id)
    WHERE old_from <= last_day
    UNION ALL
    SELECT exposure_id, 2 AS place, concat('eGFR below ', $egfr_below) AS reason, day, wording, [source] AS sources
    FROM low_readings
    UNION ALL
    SELECT exposure_id, 3 AS place, 'anticoagulant' AS reason, day, wording, sources
    FROM anticoagulations
),

risky_courses AS (
    SELECT
        exposure_id,
        min(day) AS day,
        string_agg(DISTINCT reason, ', ' ORDER BY reason) AS reason,
        bool_or(place = 2) AS has_low_egfr,
        string_agg(wording, '; ' ORDER BY place, day, wording) AS risks,
        flatten(list(sources)) AS sources
    FROM risks
    GROUP BY exposure_id
),

seen_courses AS (SELECT DISTINCT exposure_id FROM chosen_readings),

-- What was not delivered could only have told the renal function.
unseen AS (
    SELECT coalesce(string_agg(b.wording, '' ORDER BY b.wording), '') AS unseen
    FROM blind_spots AS b
    JOIN feeds AS f USING (feed)
    WHERE NOT f.present
)

SELECT
    c.exposure_id AS unit_id,
    c.patient_id,
    coalesce(r.day, c.start_date) AS index_date,
    CASE
        WHEN r.exposure_id IS NOT NULL THEN 'finding'
        WHEN s.exposure_id IS NULL THEN 'not_evaluable'
        ELSE 'clear'
    END AS outcome,
    'moderate' AS severity,
    CASE
        WHEN r.exposure_id IS NOT NULL THEN r.reason
        WHEN s.exposure_id IS NULL THEN 'renal function unknown, and no other risk'
        ELSE 'none of the three risks'
    END AS reason,
    c.end_date AS active_until,
    list_concat(
        list_transform(c.prescription_ids, lambda id: source_row('prescriptions', id)),
        [c.cramp_source],
        coalesce(r.sources, [])
    ) AS sources,
    c.ingredient AS drug,
    coalesce(c.first_drug_name, c.ingredient) AS drug_name,
    c.start_date,
    c.end_date,
    c.cramp,
    r.risks,
    if(coalesce(r.has_low_egfr, FALSE), '', u.unseen) AS unseen
FROM courses AS c
CROSS JOIN unseen AS u
LEFT JOIN risky_courses AS r USING (exposure_id)
LEFT JOIN seen_courses AS s USING (exposure_id)
