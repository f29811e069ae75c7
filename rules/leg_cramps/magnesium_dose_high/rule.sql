-- Courses of magnesium supplements by mouth, each with its highest daily dose, against the usual limit as labelled or, in a
-- documented deficiency, against the limit for its correction as magnesium oxide.
WITH
courses AS (
    SELECT
        *,
        least(end_date, $horizon) AS last_day
    FROM facts.exposures
    WHERE
        ingredient = 'magnesium'
        AND (route_group, product_class) IN (('oral', 'supplement'), ('unknown', 'supplement'))
        AND start_date <= $horizon
),

dose_steps AS (SELECT * FROM facts.dose_steps WHERE ingredient = 'magnesium' AND start_date <= $horizon),

orders AS (SELECT * FROM facts.prescriptions WHERE ingredient = 'magnesium'),

low_results AS (
    SELECT * FROM facts.labs SEMI JOIN courses USING (patient_id)
    WHERE
        analyte = 'magnesium'
        AND coalesce(low_magnesium(own_value, own_unit, comparator), low_magnesium(value, unit, comparator))
),

conditions AS (SELECT * FROM facts.conditions SEMI JOIN courses USING (patient_id)),

indications AS (SELECT * FROM facts.indications SEMI JOIN courses USING (patient_id)),

feeds AS (SELECT * FROM facts.feeds),

blind_spots (feed, wording) AS (
    VALUES
    ('diagnoses', '; diagnoses not delivered: a coded deficiency may have been missed'),
    ('labs', '; laboratory results not delivered: a low serum magnesium may have been missed')
),

deficiency_signs AS (
    SELECT
        patient_id,
        collected_on AS day,
        concat('serum magnesium ', value_as_sent, ' ', unit_as_sent) AS wording,
        'labs' AS feed,
        row_id
    FROM low_results
    UNION ALL
    SELECT patient_id, day, code, 'diagnoses', row_id
    FROM conditions
    WHERE condition = 'hypomagnesemia'
    UNION ALL
    SELECT patient_id, day, code, 'prescriptions', row_id
    FROM indications
    WHERE condition = 'hypomagnesemia'
),

deficiencies AS (
    SELECT
        c.exposure_id,
        concat(s.wording, ' on ', s.day) AS deficiency,
        source_row(s.feed, s.row_id) AS source
    FROM courses AS c
    JOIN deficiency_signs AS s
        ON c.patient_id = s.patient_id
            AND s.day BETWEEN c.start_date - $deficiency_days AND c.last_day
    QUALIFY row_number() OVER (PARTITION BY c.exposure_id ORDER BY s.day DESC, s.feed, s.wording, s.row_id) = 1
),

-- No product holds more magnesium than its label says: all of it taken as the element is the most that it can be.
weighed_steps AS (
    SELECT
        s.*,
        d.exposure_id IS NOT NULL AS is_deficient,
        round(s.elemental_daily_mg / $oxide_fraction, 1) AS oxide_mg,
        round(coalesce(s.elemental_daily_mg, s.daily_dose_mg) / $oxide_fraction, 1) AS oxide_at_most_mg
    FROM dose_steps AS s
    SEMI JOIN courses AS c ON s.exposure_id = c.exposure_id
    LEFT JOIN deficiencies AS d USING (exposure_id)
),

compared_steps AS (
    SELECT
        *,
        CASE
            WHEN NOT is_deficient THEN daily_dose_mg > $limit_mg
            WHEN oxide_mg > $deficiency_limit_mg THEN TRUE
            WHEN oxide_at_most_mg <= $deficiency_limit_mg THEN FALSE
        END AS is_above,
        CASE
            WHEN is_deficient THEN 2
            -- What may be taken as needed lowers nothing that the fixed dose alone makes.
            WHEN daily_dose_mg > $high_mg AND (fixed_daily_mg > $high_mg OR NOT as_needed) THEN 3
            WHEN daily_dose_mg > $moderate_mg THEN 2
            ELSE 1
        END AS grade
    FROM weighed_steps
),

highest_steps AS (
    SELECT
        *,
        start_date AS highest_on,
        min(start_date) FILTER (WHERE is_above) OVER (PARTITION BY exposure_id) AS above_on,
        bool_or(is_above IS NULL) OVER (PARTITION BY exposure_id) AS is_unknown,
        bool_or(daily_dose_mg IS NULL) OVER (PARTITION BY exposure_id) AS is_dose_unknown
    FROM compared_steps
    QUALIFY row_number() OVER (
            PARTITION BY exposure_id
            ORDER BY
                is_above DESC NULLS LAST, grade DESC,
                if(is_deficient, oxide_at_most_mg, daily_dose_mg) DESC NULLS LAST, as_needed, start_date
        ) = 1
),

course_orders AS (
    SELECT exposure_id, unnest(prescription_ids) AS row_id
    FROM courses
),

salts AS (
    SELECT h.exposure_id, string_agg(DISTINCT o.salt, ' and ' ORDER BY o.salt) AS salt
    FROM highest_steps AS h
    JOIN course_orders AS c USING (exposure_id)
    JOIN orders AS o ON c.row_id = o.row_id AND h.start_date BETWEEN o.start_date AND o.end_date
    GROUP BY h.exposure_id
),

unseen AS (
    SELECT coalesce(string_agg(b.wording, '' ORDER BY b.wording), '') AS unseen
    FROM blind_spots AS b
    JOIN feeds AS f USING (feed)
    WHERE NOT f.present
),

judged AS (
    SELECT
        c.*,
        h.* EXCLUDE (exposure_id, patient_id, ingredient, route_group, start_date, end_date),
        s.salt,
        d.deficiency,
        d.source AS deficiency_source,
        if(h.is_deficient, '', u.unseen) AS unseen,
        CASE
            WHEN h.above_on IS NOT NULL THEN 'finding'
            WHEN h.is_unknown THEN 'not_evaluable'
            ELSE 'clear'
        END AS outcome
    FROM courses AS c
    CROSS JOIN unseen AS u
    JOIN highest_steps AS h USING (exposure_id)
    JOIN salts AS s USING (exposure_id)
    LEFT JOIN deficiencies AS d USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    coalesce(above_on, start_date) AS index_date,
    outcome,
    ['low', 'moderate', 'high'][grade] AS severity,
    CASE
        WHEN outcome = 'not_evaluable' AND is_dose_unknown THEN 'dose unknown'
        WHEN outcome = 'not_evaluable' THEN 'elemental amount unknown in a deficiency'
        WHEN is_deficient
            THEN concat(
                    if(outcome = 'finding', 'above ', 'never above '), $deficiency_limit_mg,
                    ' mg/day of magnesium oxide in a deficiency'
                )
        WHEN outcome = 'clear' THEN concat('never above ', $limit_mg, ' mg/day')
        ELSE concat('above ', CASE grade WHEN 1 THEN $limit_mg WHEN 2 THEN $moderate_mg ELSE $high_mg END, ' mg/day')
    END AS reason,
    end_date AS active_until,
    -- Distinct values leave out what is not there.
    list_distinct(list_append(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)), deficiency_source
    )) AS sources,
    coalesce(first_drug_name, ingredient) AS drug_name,
    start_date,
    end_date,
    daily_dose_mg AS highest_mg,
    highest_on,
    salt,
    elemental_daily_mg AS elemental_mg,
    oxide_mg,
    deficiency,
    concat(
        ' (', coalesce(salt, 'salt unknown'),
        CASE
            WHEN elemental_daily_mg IS NULL THEN ', elemental amount unknown'
            ELSE concat(', ', spoken(round(elemental_daily_mg, 1)), ' mg elemental')
        END,
        if(as_needed, ', with what may be taken as needed', ''),
        if(is_range, ', the most of a range', ''),
        ')'
    ) AS dose_told,
    CASE
        WHEN outcome <> 'finding' THEN ''
        WHEN is_deficient
            THEN concat(
                    ': as much as ', spoken(oxide_mg), ' mg of magnesium oxide, above the ', $deficiency_limit_mg,
                    ' mg/day that correct a deficiency (', deficiency, ')'
                )
        ELSE concat(', above the ', $limit_mg, ' mg/day of the guideline, and no deficiency is on file')
    END AS limit_told,
    unseen
FROM judged
