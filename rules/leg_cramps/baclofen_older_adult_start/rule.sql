-- New courses of oral baclofen that begin at an older age, each with the doses of its first day and the risks on record.
WITH
new_courses AS (
    SELECT * FROM facts.exposures
    WHERE
        ingredient = 'baclofen'
        AND route_group = 'oral'
        AND newness <> 'not new'
        AND start_date <= $horizon
),

people AS (SELECT * FROM facts.people),

starts AS (
    SELECT
        c.*,
        age_on(p.birth_date, c.start_date) AS age,
        least(c.end_date, $horizon) AS last_day
    FROM new_courses AS c
    JOIN people AS p USING (patient_id)
    WHERE age_on(p.birth_date, c.start_date) >= $min_age
),

orders AS (SELECT * FROM facts.prescriptions WHERE ingredient = 'baclofen' AND route_group = 'oral'),

conditions AS (
    SELECT * FROM facts.conditions SEMI JOIN starts USING (patient_id)
    WHERE coalesce(qualifier, '') NOT IN ('history', 'subsequent')
),

renal_function AS (SELECT * FROM facts.renal_function SEMI JOIN starts USING (patient_id)),

renal_codes AS (SELECT * FROM facts.renal_codes SEMI JOIN starts USING (patient_id)),

dialysis AS (SELECT * FROM facts.dialysis SEMI JOIN starts USING (patient_id)),

cns_drugs AS (SELECT ingredient FROM facts.drug_sets WHERE list = 'cns_active'),

opioids AS (SELECT ingredient FROM facts.drug_sets WHERE list = 'opioid'),

other_exposures AS (
    SELECT * FROM facts.exposures SEMI JOIN starts USING (patient_id)
    WHERE
        ingredient <> 'baclofen'
        AND (
            route_group NOT IN ('topical', 'vaginal', 'ophthalmic')
            -- A patch.
            OR (route_group = 'topical' AND ingredient IN (SELECT ingredient FROM opioids))
        )
),

encounters AS (SELECT * FROM facts.encounters SEMI JOIN starts USING (patient_id) WHERE started_on <= $horizon),

feeds AS (SELECT * FROM facts.feeds),

blind_spots (feed, wording) AS (
    VALUES
    ('diagnoses', '; diagnoses not delivered: falls, dementia and CKD stages could not be seen'),
    ('dialysis_sessions', '; dialysis sessions not delivered: dialysis may have been missed'),
    ('labs', '; labs not delivered: eGFR could not be seen'),
    ('procedures', '; procedures not delivered: dialysis may have been missed')
),

first_doses AS (
    SELECT
        s.exposure_id,
        round(sum(o.daily_dose_mg), 4) AS first_mg,
        round(sum(o.daily_dose_mg) FILTER (WHERE NOT o.as_needed), 4) AS fixed_mg,
        max(o.single_dose_mg) AS single_mg,
        max(o.single_dose_mg) FILTER (WHERE NOT o.as_needed) AS fixed_single_mg,
        bool_or(o.daily_dose_mg IS NULL) AS is_unknown,
        bool_or(o.as_needed) AS is_as_needed,
        bool_or(o.dose_is_range) AS is_range
    FROM starts AS s
    JOIN orders AS o USING (patient_id, start_date)
    GROUP BY s.exposure_id
),

-- What is on record of falls and dementia.

diagnosed_risks AS (
    SELECT
        s.exposure_id,
        concat(if(d.condition = 'falls', 'a fall', 'dementia'), ' (', d.code, ' on ', d.day, ')') AS wording,
        source_row('diagnoses', d.row_id) AS source
    FROM starts AS s
    JOIN conditions AS d ON s.patient_id = d.patient_id AND d.day <= s.last_day
    WHERE d.condition = 'dementia' OR (d.condition = 'falls' AND d.day >= s.start_date - $fall_days)
    QUALIFY row_number() OVER (PARTITION BY s.exposure_id, d.condition ORDER BY d.day DESC, d.code, d.row_id) = 1
),

-- Whatever tells the renal function, with the days on which it may be used.
told_functions AS (
    SELECT
        patient_id,
        from_day AS day,
        to_day AS usable_until,
        1 AS preference,
        0 AS egfr,
        concat('dialysis (', because, ', ', from_day, ')') AS wording,
        source_row(feed, row_id) AS source
    FROM dialysis
    UNION ALL
    SELECT
        patient_id,
        day,
        day + $result_days,
        2,
        egfr,
        concat('eGFR ', shown, ' mL/min/1.73 m2 (', day, ')'),
        source_row('labs', row_id)
    FROM renal_function
    UNION ALL
    SELECT
        patient_id,
        day,
        DATE '9999-12-31',
        3,
        egfr_stand_in,
        concat('CKD stage ', stage, ' (', code, ' on ', day, ')'),
        source_row('diagnoses', row_id)
    FROM renal_codes
),

-- Of several a lower preference goes first, then a later day.
readings AS (
    SELECT *, row(-preference, day) AS turn
    FROM told_functions
),

judged_days AS (
    SELECT exposure_id, patient_id, start_date AS day
    FROM starts
    UNION
    SELECT s.exposure_id, s.patient_id, r.day
    FROM starts AS s
    JOIN readings AS r ON s.patient_id = r.patient_id AND r.day BETWEEN s.start_date AND s.last_day
),

-- Picked by their turn alone, for there may be many readings to a day.
latest_turns AS (
    SELECT j.exposure_id, j.patient_id, j.day, max(r.turn) AS turn
    FROM judged_days AS j
    JOIN readings AS r ON j.patient_id = r.patient_id AND j.day BETWEEN r.day AND r.usable_until
    GROUP BY j.exposure_id, j.patient_id, j.day
),

day_readings AS (
    SELECT t.exposure_id, r.*
    FROM latest_turns AS t
    JOIN readings AS r ON t.patient_id = r.patient_id AND t.turn = r.turn AND t.day <= r.usable_until
    QUALIFY row_number() OVER (PARTITION BY t.exposure_id, t.day ORDER BY r.egfr, r.source) = 1
),

renal_risks AS (
    SELECT exposure_id, wording, source
    FROM day_readings
    WHERE egfr < $low_egfr
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY egfr, day, source) = 1
),

-- Other drugs that act on the brain: their number can only rise on a day on which one begins, so those days are enough.

cns_periods AS (
    SELECT
        s.exposure_id,
        o.ingredient,
        greatest(o.start_date, s.start_date) AS first_day,
        o.end_date AS last_day,
        o.first_prescription_id
    FROM starts AS s
    JOIN other_exposures AS o
        ON s.patient_id = o.patient_id
            AND o.start_date <= s.last_day
            AND o.end_date >= s.start_date
    SEMI JOIN cns_drugs AS k ON o.ingredient = k.ingredient
),

cns_loads AS (
    SELECT
        b.exposure_id,
        b.first_day AS day,
        count(DISTINCT o.ingredient) AS drugs,
        string_agg(DISTINCT o.ingredient, ', ' ORDER BY o.ingredient) AS names,
        list(DISTINCT source_row('prescriptions', o.first_prescription_id)) AS sources
    FROM cns_periods AS b
    JOIN cns_periods AS o ON b.exposure_id = o.exposure_id AND b.first_day BETWEEN o.first_day AND o.last_day
    GROUP BY b.exposure_id, b.first_day
),

highest_cns_loads AS (
    SELECT *
    FROM cns_loads
    WHERE drugs >= $cns_others
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY drugs DESC, day) = 1
),

risks AS (
    SELECT exposure_id, wording, [source] AS sources
    FROM diagnosed_risks
    UNION ALL
    SELECT exposure_id, wording, [source]
    FROM renal_risks
    UNION ALL
    SELECT exposure_id, concat(drugs, ' other CNS-active drugs on ', day, ' (', names, ')'), sources
    FROM highest_cns_loads
),

told_risks AS (
    SELECT
        exposure_id,
        concat('; also on record: ', string_agg(wording, ', ' ORDER BY wording)) AS risks,
        flatten(list(sources)) AS sources
    FROM risks
    GROUP BY exposure_id
),

seen_again AS (
    SELECT DISTINCT s.exposure_id
    FROM starts AS s
    JOIN encounters AS v
        ON s.patient_id = v.patient_id
            AND v.started_on BETWEEN s.start_date + 1 AND s.start_date + $follow_days
),

unseen AS (
    SELECT coalesce(string_agg(b.wording, '' ORDER BY b.wording), '') AS unseen
    FROM blind_spots AS b
    JOIN feeds AS f USING (feed)
    WHERE NOT f.present
),

judged AS (
    SELECT
        s.*,
        d.* EXCLUDE (exposure_id),
        r.exposure_id IS NOT NULL AS has_risks,
        coalesce(r.risks, '') AS risks,
        coalesce(r.sources, []) AS risk_sources,
        u.unseen,
        coalesce(d.first_mg > $total_mg, FALSE) AS is_total_high,
        CASE
            WHEN s.newness = 'unknown' THEN 'not_evaluable'
            WHEN d.first_mg > $total_mg THEN 'finding'
            WHEN d.single_mg > $single_mg THEN 'finding'
            WHEN d.is_unknown THEN 'not_evaluable'
            ELSE 'clear'
        END AS outcome,
        CASE
            WHEN NOT e.present THEN 'encounters not delivered'
            WHEN a.exposure_id IS NOT NULL THEN concat('within ', $follow_days, ' days')
            WHEN least(e.watermark, $horizon) < s.start_date + $follow_days THEN 'not known yet'
            ELSE concat('not within ', $follow_days, ' days')
        END AS seen_again
    FROM starts AS s
    CROSS JOIN unseen AS u
    JOIN first_doses AS d USING (exposure_id)
    JOIN feeds AS e ON e.feed = 'encounters'
    LEFT JOIN told_risks AS r USING (exposure_id)
    LEFT JOIN seen_again AS a USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    start_date AS index_date,
    outcome,
    -- What may be taken as needed alone never makes more than a moderate finding.
    CASE
        WHEN has_risks AND fixed_mg > $total_mg THEN 'critical'
        WHEN fixed_mg > $total_mg OR (has_risks AND fixed_single_mg > $single_mg) THEN 'high'
        ELSE 'moderate'
    END AS severity,
    CASE
        WHEN newness = 'unknown' THEN 'not observed long enough'
        WHEN outcome = 'not_evaluable' THEN 'dose unknown'
        WHEN is_total_high THEN concat('starts with more than ', $total_mg, ' mg/day')
        WHEN outcome = 'finding' THEN concat('starts with more than ', $single_mg, ' mg at a time')
        ELSE concat(
                'starts with at most ', $total_mg, ' mg/day, ',
                if(single_mg IS NULL, 'single dose unknown', concat('at most ', $single_mg, ' mg at a time'))
            )
    END AS reason,
    end_date AS active_until,
    list_concat(list_transform(prescription_ids, lambda id: source_row('prescriptions', id)), risk_sources) AS sources,
    coalesce(first_drug_name, 'baclofen') AS drug_name,
    start_date,
    age,
    first_mg,
    single_mg,
    CASE
        WHEN is_total_high THEN concat(if(is_unknown, 'at least ', ''), spoken(first_mg), ' mg/day')
        WHEN outcome = 'finding'
            THEN concat(
                    spoken(single_mg), ' mg at a time (',
                    if(first_mg IS NULL, 'total unknown', concat(if(is_unknown, 'at least ', ''), spoken(first_mg), ' mg/day')), ')'
                )
        ELSE ''
    END AS told_dose,
    concat(
        if(is_as_needed, ' (with what may be taken as needed)', ''),
        if(is_range, ' (the most of a range)', '')
    ) AS how_taken,
    if(is_total_high, concat($total_mg, ' mg/day'), concat($single_mg, ' mg at a time')) AS told_limit,
    risks,
    unseen,
    seen_again
FROM judged
