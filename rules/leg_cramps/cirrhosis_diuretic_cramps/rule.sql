-- Cramps on record in cirrhosis while a diuretic is taken, each with the diuretics that were still taken a fortnight later.
WITH
cirrhosis_codes AS (SELECT * FROM facts.conditions WHERE condition = 'cirrhosis' AND day <= $horizon),

kidney_injuries AS (SELECT * FROM facts.conditions WHERE condition = 'acute_kidney_injury' AND day <= $horizon),

cramps AS (
    SELECT * FROM facts.cramp_evidence SEMI JOIN cirrhosis_codes USING (patient_id)
    WHERE tier IN ('A', 'B') AND day <= $horizon
),

diuretics AS (
    SELECT ingredient FROM facts.drug_sets
    WHERE list IN ('diuretic_loop', 'diuretic_thiazide', 'diuretic_ksparing')
),

exposures AS (
    SELECT * FROM facts.exposures SEMI JOIN cramps USING (patient_id)
    WHERE route_group <> 'topical' AND start_date <= $horizon
),

people AS (SELECT * FROM facts.people),

feeds AS (SELECT * FROM facts.feeds WHERE feed = 'labs'),

salt_limits (analyte, place, sign, threshold) AS (
    VALUES
    ('sodium', 1, '<', $low_sodium),
    ('potassium', 2, '<', $low_potassium),
    ('potassium', 3, '>', $high_potassium)
),

salts AS (
    SELECT * FROM facts.labs SEMI JOIN cramps USING (patient_id) SEMI JOIN salt_limits USING (analyte)
    WHERE collected_on <= $horizon
),

cramp_days AS (
    SELECT patient_id, list(DISTINCT day ORDER BY day) AS days
    FROM cramps
    GROUP BY patient_id
),

-- From its first day an event holds every record of the next days; the first record after those begins another.
first_days AS (
    SELECT
        patient_id,
        list_reduce(
            [[day] FOR day IN days],
            lambda firsts, later: if(later[1] > firsts[-1] + $event_days, firsts || later, firsts)
        ) AS days
    FROM cramp_days
),

-- In cirrhosis: coded by the last day judged. The first code stands for all.
events AS (
    SELECT
        d.patient_id,
        d.day,
        concat_ws('|', d.patient_id, 'cramps', d.day) AS unit_id,
        d.day + $grace_days AS judged_on,
        c.code AS cirrhosis_code,
        c.day AS cirrhosis_since,
        c.row_id AS cirrhosis_id
    FROM (SELECT patient_id, unnest(days) AS day FROM first_days) AS d
    JOIN cirrhosis_codes AS c ON d.patient_id = c.patient_id AND c.day <= d.day + $grace_days
    QUALIFY row_number() OVER (PARTITION BY d.patient_id, d.day ORDER BY c.day, c.row_id) = 1
),

told_cramps AS (
    SELECT
        e.unit_id,
        arg_min(k.because, (k.day, k.tier, k.row_id, k.because)) AS cramp,
        count(*) AS cramp_records,
        list(source_row(k.feed, k.row_id)) AS sources
    FROM events AS e
    JOIN cramps AS k ON e.patient_id = k.patient_id AND k.day BETWEEN e.day AND e.day + $event_days
    GROUP BY e.unit_id
),

diuretic_courses AS (
    SELECT *, coalesce(first_drug_name, ingredient) AS drug_name
    FROM exposures
    SEMI JOIN diuretics USING (ingredient)
),

taken AS (
    SELECT e.unit_id, e.patient_id, e.judged_on, d.ingredient, d.drug_name, d.prescription_ids
    FROM events AS e
    JOIN diuretic_courses AS d ON e.patient_id = d.patient_id AND e.day BETWEEN d.start_date AND d.end_date
),

diuretic_events AS (
    SELECT
        unit_id,
        string_agg(DISTINCT drug_name, ' and ' ORDER BY drug_name) AS taken,
        flatten(list(prescription_ids)) AS prescription_ids
    FROM taken
    GROUP BY unit_id
),

-- The same drug, by whatever route.
kept_drugs AS (
    SELECT DISTINCT
        t.unit_id,
        d.exposure_id,
        concat(d.drug_name, ' (to ', d.end_date, ')') AS wording,
        d.end_date,
        d.prescription_ids
    FROM taken AS t
    JOIN diuretic_courses AS d
        ON t.patient_id = d.patient_id
            AND t.ingredient = d.ingredient
            AND t.judged_on BETWEEN d.start_date AND d.end_date
),

kept_events AS (
    SELECT
        unit_id,
        string_agg(DISTINCT wording, ' and ' ORDER BY wording) AS kept,
        max(end_date) AS kept_until,
        flatten(list(prescription_ids)) AS prescription_ids
    FROM kept_drugs
    GROUP BY unit_id
),

measured_salts AS (
    SELECT
        e.unit_id,
        s.*,
        m.place,
        m.sign,
        if(m.sign = '<', m.threshold - s.value, s.value - m.threshold) AS beyond
    FROM events AS e
    JOIN salts AS s
        ON e.patient_id = s.patient_id
            AND s.collected_on BETWEEN e.day - $around_days AND e.day + $around_days
    JOIN salt_limits AS m USING (analyte)
),

-- A result that is itself a limit counts when it points to the bad side: `<125` is below 125, `>120` may be anything.
bad_salts AS (
    SELECT
        unit_id,
        row_id,
        place,
        concat(analyte, ' ', comparator, spoken(value), ' mmol/L on ', collected_on) AS wording
    FROM measured_salts
    WHERE (beyond > 0 AND contains(coalesce(comparator, sign), sign)) OR (beyond = 0 AND comparator = sign)
    QUALIFY row_number() OVER (PARTITION BY unit_id, place ORDER BY beyond DESC, collected_on, row_id) = 1
),

injuries AS (
    SELECT
        e.unit_id,
        k.row_id,
        concat('acute kidney injury (', k.code, ' on ', k.day, ')') AS wording
    FROM events AS e
    JOIN kidney_injuries AS k
        ON e.patient_id = k.patient_id
            AND k.day BETWEEN e.day - $around_days AND e.day + $around_days
    QUALIFY row_number() OVER (PARTITION BY e.unit_id ORDER BY k.day, k.row_id) = 1
),

weights AS (
    SELECT unit_id, place, wording, source_row('labs', row_id) AS source
    FROM bad_salts
    UNION ALL
    SELECT unit_id, 4 AS place, wording, source_row('diagnoses', row_id) AS source
    FROM injuries
),

heavy_events AS (
    SELECT
        unit_id,
        concat('; high because of ', string_agg(wording, ', ' ORDER BY place)) AS weights,
        list(source) AS sources
    FROM weights
    GROUP BY unit_id
),

judged AS (
    SELECT
        e.*,
        k.cramp,
        k.cramp_records,
        k.sources AS cramp_sources,
        d.taken,
        list_sort(list_distinct(list_concat(d.prescription_ids, p.prescription_ids))) AS prescription_ids,
        p.kept,
        p.kept_until,
        w.weights,
        w.sources AS weight_sources,
        CASE
            WHEN o.death_date < e.judged_on THEN 'excluded'
            WHEN e.judged_on > $horizon THEN 'pending'
            WHEN p.unit_id IS NOT NULL THEN 'finding'
            ELSE 'clear'
        END AS outcome
    FROM events AS e
    JOIN told_cramps AS k USING (unit_id)
    JOIN diuretic_events AS d USING (unit_id)
    JOIN people AS o USING (patient_id)
    LEFT JOIN kept_events AS p USING (unit_id)
    LEFT JOIN heavy_events AS w USING (unit_id)
)

SELECT
    unit_id,
    patient_id,
    day AS index_date,
    outcome,
    if(weights IS NULL, 'moderate', 'high') AS severity,
    CASE outcome
        WHEN 'excluded' THEN concat('died within ', $grace_days, ' days')
        WHEN 'pending' THEN concat($grace_days, ' days have not passed')
        WHEN 'finding' THEN concat('diuretic still taken ', $grace_days, ' days later')
        ELSE concat('no diuretic of that day taken ', $grace_days, ' days later')
    END AS reason,
    kept_until AS active_until,
    judged_on AS judged_from,
    list_concat(
        cramp_sources,
        [source_row('diagnoses', cirrhosis_id)],
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        coalesce(weight_sources, [])
    ) AS sources,
    cramp,
    cramp_records,
    cirrhosis_code,
    cirrhosis_since,
    taken,
    kept,
    judged_on,
    coalesce(weights, '') AS weights,
    if(present, '', '; laboratory results not delivered: sodium and potassium could not be seen') AS unseen
FROM judged
CROSS JOIN feeds
