-- Longer courses of magnesium supplements in older adults with cramps, each with what else might justify it.
WITH
exposures AS (
    SELECT * FROM facts.exposures
    WHERE
        ingredient = 'magnesium'
        AND (route_group, product_class) IN (('oral', 'supplement'), ('unknown', 'supplement'))
        AND length_days >= $min_days
        AND start_date <= $horizon
),

people AS (SELECT * FROM facts.people),

cramps AS (
    SELECT * FROM facts.cramp_evidence SEMI JOIN exposures USING (patient_id)
    WHERE tier IN ('A', 'B') AND day <= $horizon
),

magnesium_results AS (
    SELECT
        *,
        coalesce(low_magnesium(own_value, own_unit, comparator), low_magnesium(value, unit, comparator)) AS is_low
    FROM facts.labs SEMI JOIN exposures USING (patient_id)
    WHERE analyte = 'magnesium'
),

conditions AS (SELECT * FROM facts.conditions SEMI JOIN exposures USING (patient_id)),

indications AS (SELECT * FROM facts.indications SEMI JOIN exposures USING (patient_id)),

-- Of somebody recorded as male it is a slip of coding.
pregnancies AS (
    SELECT * FROM facts.pregnancies SEMI JOIN exposures USING (patient_id)
    WHERE patient_id NOT IN (SELECT patient_id FROM people WHERE sex = 'male')
),

ppi_exposures AS (
    SELECT * FROM facts.exposures
    WHERE ingredient IN (SELECT ingredient FROM facts.drug_sets WHERE list = 'ppi')
),

feeds AS (SELECT * FROM facts.feeds),

blind_spots (feed, wording) AS (
    VALUES
    ('diagnoses', '; diagnoses not delivered: malabsorption or a coded deficiency may have been missed'),
    ('labs', '; laboratory results not delivered: a low serum magnesium may have been missed')
),

courses AS (
    SELECT
        e.*,
        age_on(p.birth_date, e.start_date) AS age,
        least(e.end_date, $horizon) AS last_day
    FROM exposures AS e
    JOIN people AS p USING (patient_id)
    WHERE age_on(p.birth_date, e.start_date) >= $min_age
),

-- Of several the nearest to the start is told.
nearest_cramps AS (
    SELECT
        c.exposure_id,
        r.day AS cramp_on,
        r.because AS cramp,
        source_row(r.feed, r.row_id) AS cramp_source,
        min(r.day) OVER (PARTITION BY c.exposure_id) AS first_cramp_on
    FROM courses AS c
    JOIN cramps AS r
        ON c.patient_id = r.patient_id
            AND r.day BETWEEN c.start_date - $cramp_days AND c.start_date + $cramp_days
    QUALIFY row_number() OVER (
            PARTITION BY c.exposure_id
            ORDER BY abs(r.day - c.start_date), r.tier, r.day, r.because, r.feed, r.row_id
        ) = 1
),

units AS (
    SELECT *
    FROM courses
    JOIN nearest_cramps USING (exposure_id)
),

results_before AS (
    SELECT
        u.exposure_id,
        m.*,
        concat(m.value_as_sent, ' ', m.unit_as_sent, ' on ', m.collected_on) AS shown,
        source_row('labs', m.row_id) AS source
    FROM units AS u
    JOIN magnesium_results AS m
        ON u.patient_id = m.patient_id
            AND m.collected_on BETWEEN u.start_date - $deficiency_days AND u.start_date
),

latest_results AS (
    SELECT *
    FROM results_before
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY collected_at DESC, row_id) = 1
),

deficiency_codes AS (
    SELECT patient_id, day, code, 'diagnoses' AS feed, row_id
    FROM conditions
    WHERE condition = 'hypomagnesemia'
    UNION ALL
    SELECT patient_id, day, code, 'prescriptions', row_id
    FROM indications
    WHERE condition = 'hypomagnesemia'
),

justifications AS (
    SELECT
        exposure_id,
        1 AS place,
        'low serum magnesium' AS reason,
        concat('serum magnesium ', shown) AS wording,
        collected_on AS day,
        source_row('labs', row_id) AS source
    FROM results_before
    WHERE is_low
    UNION ALL
    SELECT
        u.exposure_id,
        2,
        'hypomagnesaemia coded',
        concat(d.code, ' on ', d.day),
        d.day,
        source_row(d.feed, d.row_id)
    FROM units AS u
    JOIN deficiency_codes AS d
        ON u.patient_id = d.patient_id
            AND d.day BETWEEN u.start_date - $deficiency_days AND u.start_date
    UNION ALL
    SELECT
        u.exposure_id,
        3,
        'pregnancy',
        concat('pregnancy from ', p.start_date),
        p.start_date,
        source_row('diagnoses', p.row_id)
    FROM units AS u
    JOIN pregnancies AS p
        ON u.patient_id = p.patient_id
            AND p.start_date <= u.last_day
            AND p.end_date >= u.start_date
    UNION ALL
    SELECT
        u.exposure_id,
        4,
        'malabsorption',
        concat(d.name, ' (', d.code, ') on ', d.day),
        d.day,
        source_row('diagnoses', d.row_id)
    FROM units AS u
    JOIN conditions AS d ON u.patient_id = d.patient_id AND d.day <= u.last_day
    WHERE d.condition = 'malabsorption' AND (d.resolved_on IS NULL OR d.resolved_on >= u.start_date)
    UNION ALL
    SELECT
        u.exposure_id,
        5,
        'proton-pump inhibitor',
        concat(o.ingredient, ' from ', o.start_date, ' to ', o.end_date),
        o.start_date,
        source_row('prescriptions', o.first_prescription_id)
    FROM units AS u
    JOIN ppi_exposures AS o
        ON u.patient_id = o.patient_id
            AND o.start_date <= u.start_date
            AND o.end_date >= u.start_date - $ppi_days
),

first_justifications AS (
    SELECT *
    FROM justifications
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY place, day DESC, wording, source) = 1
),

unseen AS (
    SELECT coalesce(string_agg(b.wording, '' ORDER BY b.wording), '') AS unseen
    FROM blind_spots AS b
    JOIN feeds AS f USING (feed)
    WHERE NOT f.present
)

SELECT
    u.exposure_id AS unit_id,
    u.patient_id,
    u.start_date AS index_date,
    if(j.exposure_id IS NULL, 'finding', 'excluded') AS outcome,
    'low' AS severity,
    coalesce(j.reason, 'cramps, and nothing else that magnesium is for') AS reason,
    u.end_date AS active_until,
    greatest(u.start_date, u.first_cramp_on) AS judged_from,
    -- Distinct values leave out what is not there.
    list_distinct(list_concat(
        list_transform(u.prescription_ids, lambda id: source_row('prescriptions', id)), [u.cramp_source, j.source, r.source]
    )) AS sources,
    coalesce(u.first_drug_name, u.ingredient) AS drug_name,
    u.start_date,
    u.end_date,
    u.length_days,
    u.age,
    u.cramp_on,
    u.cramp,
    coalesce('serum magnesium ' || r.shown, concat('no serum magnesium in the ', $deficiency_days, ' days before')) AS level,
    j.wording AS justified_by,
    s.unseen
FROM units AS u
CROSS JOIN unseen AS s
LEFT JOIN first_justifications AS j USING (exposure_id)
LEFT JOIN latest_results AS r USING (exposure_id)
