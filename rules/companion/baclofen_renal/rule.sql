-- Courses of oral baclofen, each judged at its start, at every renal result during it and when dialysis begins; the first
-- day of the worst tier counts.
WITH
exposures AS (
    SELECT * FROM facts.exposures
    WHERE ingredient = 'baclofen' AND route_group = 'oral' AND start_date <= $horizon
),

dose_steps AS (SELECT * FROM facts.dose_steps WHERE ingredient = 'baclofen' AND start_date <= $horizon),

people AS (SELECT * FROM facts.people),

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

courses AS (
    SELECT e.*, p.birth_date, least(e.end_date, $horizon) AS last_day
    FROM exposures AS e
    JOIN people AS p USING (patient_id)
),

-- Whatever tells the renal function, with the days on which it may be used; dialysis counts as no renal function at all.
told_functions AS (
    SELECT
        patient_id,
        from_day AS read_on,
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
        day AS read_on,
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
        day AS read_on,
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

-- Of several a lower preference goes first, then a later day.
readings AS (
    SELECT *, row(-preference, read_on) AS turn
    FROM told_functions
),

judged_days AS (
    SELECT exposure_id, start_date AS day
    FROM courses
    UNION
    SELECT c.exposure_id, r.read_on
    FROM courses AS c
    JOIN readings AS r ON c.patient_id = r.patient_id AND r.read_on BETWEEN c.start_date AND c.last_day
),

-- Picked by their turn alone, for there may be many readings to a day.
latest_turns AS (
    SELECT
        c.exposure_id,
        c.patient_id,
        j.day,
        max(r.turn) AS turn
    FROM judged_days AS j
    JOIN courses AS c USING (exposure_id)
    JOIN readings AS r ON c.patient_id = r.patient_id AND j.day BETWEEN r.read_on AND r.usable_until
    GROUP BY c.exposure_id, c.patient_id, j.day
),

day_readings AS (
    SELECT
        t.exposure_id,
        t.day,
        r.* EXCLUDE (patient_id, turn)
    FROM latest_turns AS t
    JOIN readings AS r ON t.patient_id = r.patient_id AND t.turn = r.turn AND t.day <= r.usable_until
    QUALIFY row_number() OVER (PARTITION BY t.exposure_id, t.day ORDER BY r.egfr, r.row_id) = 1
),

tiers AS (
    SELECT
        c.*,
        d.* EXCLUDE (exposure_id, day),
        coalesce(d.day, c.start_date) AS day,
        age_on(c.birth_date, coalesce(d.day, c.start_date)) AS age,
        CASE
            WHEN d.egfr < $critical_below THEN 1
            WHEN d.egfr < $any_below AND age_on(c.birth_date, d.day) >= $old_age THEN 2
            WHEN d.egfr < $any_below THEN 3
            WHEN d.egfr IS NOT NULL THEN 4
            ELSE 5
        END AS tier
    FROM courses AS c
    LEFT JOIN day_readings AS d USING (exposure_id)
),

worst_tiers AS (
    SELECT *, coalesce(preference = 2 AND day - read_on > $stale_days, FALSE) AS stale
    FROM tiers
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY tier, day) = 1
),

highest_doses AS (
    SELECT exposure_id, max(daily_dose_mg) AS highest_mg
    FROM dose_steps
    GROUP BY exposure_id
),

unseen AS (
    SELECT coalesce(string_agg(b.wording, '' ORDER BY b.wording), '') AS unseen
    FROM blind_spots AS b
    JOIN feeds AS f USING (feed)
    WHERE NOT f.present
)

SELECT
    w.exposure_id AS unit_id,
    w.patient_id,
    if(w.tier <= 3, w.day, w.start_date) AS index_date,
    CASE w.tier WHEN 5 THEN 'not_evaluable' WHEN 4 THEN 'clear' ELSE 'finding' END AS outcome,
    CASE w.tier WHEN 1 THEN 'critical' WHEN 2 THEN 'high' ELSE 'moderate' END AS severity,
    CASE
        WHEN w.tier = 5 THEN 'no usable renal function'
        WHEN w.tier = 4 THEN concat('eGFR ', $any_below, ' or more')
        WHEN w.origin = 'dialysis' THEN 'on dialysis'
        WHEN w.origin = 'coded' THEN concat('CKD stage ', w.shown, ', coded')
        WHEN w.tier = 1 THEN concat('eGFR below ', $critical_below)
        ELSE concat(
                'eGFR ', $critical_below, '-', $any_below - 1, if(w.tier = 2, concat(' at ', $old_age, ' or older'), '')
            )
    END AS reason,
    w.end_date AS active_until,
    list_concat(
        list_transform(w.prescription_ids, lambda id: source_row('prescriptions', id)),
        if(w.row_id IS NULL, [], [source_row(w.feed, w.row_id)])
    ) AS sources,
    coalesce(w.first_drug_name, 'baclofen') AS drug_name,
    w.start_date,
    w.end_date,
    w.age,
    h.highest_mg,
    concat(
        ' (', if(h.highest_mg IS NULL, 'dose unknown', concat('up to ', spoken(h.highest_mg), ' mg/day')),
        if(w.prn_only, ', as needed', ''), ')'
    ) AS told_dose,
    w.egfr,
    w.origin,
    w.read_on,
    w.stale,
    CASE coalesce(w.origin, '')
        WHEN '' THEN ''
        WHEN 'dialysis' THEN concat('on dialysis (', w.shown, ', ', w.read_on, ')')
        WHEN 'coded'
            THEN concat(
                    'with CKD stage ', w.shown, ' (', w.code, ' coded on ', w.read_on, ') and no eGFR within ', $result_days,
                    ' days'
                )
        ELSE concat(
                'with eGFR ', w.shown, ' mL/min/1.73 m2 on ', w.read_on, ' (', w.origin,
                if(w.origin = 'derived', concat(' from creatinine ', spoken(w.creatinine_mg_dl), ' mg/dL'), ''),
                unstable_words(w.unstable, $unstable_ratio, $unstable_days),
                if(w.stale, concat(', ', w.day - w.read_on, ' days old: stale'), ''),
                ')'
            )
    END AS renal,
    u.unseen
FROM worst_tiers AS w
CROSS JOIN unseen AS u
JOIN highest_doses AS h USING (exposure_id)
