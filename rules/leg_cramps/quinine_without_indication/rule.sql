-- Courses of quinine, each with what justifies it and every risk that makes it critical.
WITH
courses AS (
    SELECT
        *,
        least(end_date, $horizon) AS last_day
    FROM facts.exposures
    WHERE ingredient = 'quinine'
        AND route_group NOT IN ('topical', 'vaginal', 'ophthalmic')
        AND start_date <= $horizon
),

dose_steps AS (SELECT * FROM facts.dose_steps WHERE ingredient = 'quinine'),

coverages AS (SELECT * FROM facts.coverages WHERE ingredient = 'quinine'),

orders AS (SELECT * FROM facts.prescriptions WHERE ingredient = 'quinine'),

platelets AS (SELECT * FROM facts.labs WHERE analyte = 'platelets'),

conditions AS (
    SELECT * FROM facts.conditions SEMI JOIN courses USING (patient_id)
    WHERE coalesce(qualifier, '') NOT IN ('history', 'first_degree')
),

indications AS (SELECT * FROM facts.indications WHERE coalesce(qualifier, '') <> 'history'),

-- Of somebody recorded as male it is a slip of coding.
pregnancies AS (
    SELECT * FROM facts.pregnancies
    WHERE patient_id NOT IN (SELECT patient_id FROM facts.people WHERE sex = 'male')
),

feeds AS (SELECT * FROM facts.feeds),

blind_spots (feed, wording) AS (
    VALUES
    ('diagnoses', '; diagnoses not delivered: a malaria code and coded risks could not be seen'),
    ('labs', '; laboratory results not delivered: platelets could not be seen')
),

qt_drugs AS (SELECT ingredient FROM facts.drug_sets WHERE list = 'qt_prolonging'),

systemic_exposures AS (
    SELECT * FROM facts.exposures
    WHERE route_group NOT IN ('topical', 'vaginal', 'ophthalmic')
),

risk_conditions (condition, wording, is_for_ever) AS (
    VALUES
    ('quinine_reaction', 'an adverse reaction to quinine or its class', TRUE),
    ('ttp_hus', 'TTP or HUS', TRUE),
    ('g6pd_deficiency', 'G6PD deficiency, a label warning', TRUE),
    ('long_qt_strict', 'a long QT interval', FALSE),
    ('av_block', 'second- or third-degree AV block', FALSE),
    ('myasthenia_gravis', 'myasthenia gravis', FALSE),
    ('optic_neuritis', 'optic neuritis', FALSE)
),

named_risk_drugs (ingredient, before, after) AS (
    VALUES
    ('warfarin', '', ''),
    ('digoxin', '', '')
),

risk_drugs AS (
    SELECT * FROM named_risk_drugs
    UNION ALL
    SELECT ingredient, 'a QT-prolonging drug (', ')' FROM qt_drugs
),

antimalarial_records AS (
    SELECT patient_id, day, source_row('diagnoses', row_id) AS source
    FROM conditions
    WHERE condition IN ('malaria', 'babesiosis') AND day <= $horizon
    UNION ALL
    SELECT patient_id, day, source_row('prescriptions', row_id)
    FROM indications
    WHERE condition IN ('malaria', 'babesiosis') AND day <= $horizon
),

justified_courses AS (
    SELECT c.exposure_id, list(r.source) AS sources
    FROM courses AS c
    JOIN antimalarial_records AS r
        ON c.patient_id = r.patient_id
            AND r.day BETWEEN c.start_date - $indication_days AND c.start_date + $indication_days
    GROUP BY c.exposure_id
),

doses AS (
    SELECT
        exposure_id,
        max(daily_dose_mg) AS highest_daily_mg,
        min(coalesce(daily_dose_mg, 0)) AS lowest_daily_mg,
        bool_or(as_needed) AS is_as_needed,
        bool_or(as_needed OR is_range) AS is_at_most
    FROM dose_steps
    GROUP BY exposure_id
),

course_orders AS (
    SELECT exposure_id, unnest(prescription_ids) AS row_id
    FROM courses
),

split_courses AS (
    SELECT DISTINCT co.exposure_id
    FROM course_orders AS co
    JOIN orders AS o USING (row_id)
    WHERE o.single_dose_mg < o.daily_dose_mg
),

counts AS (
    SELECT
        c.exposure_id,
        p.row_id,
        p.collected_on,
        p.collected_at,
        p.value,
        p.comparator,
        p.collected_on >= c.start_date AS is_during,
        p.collected_on > c.start_date AS is_after_start
    FROM courses AS c
    JOIN platelets AS p
        ON c.patient_id = p.patient_id
            AND p.collected_on BETWEEN c.start_date - $platelets_days AND c.last_day
),

baselines AS (
    SELECT *
    FROM counts
    WHERE NOT is_after_start
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY collected_at DESC, row_id) = 1
),

later_counts AS (SELECT * FROM counts WHERE is_after_start),

judged_counts AS (
    SELECT * FROM baselines
    UNION
    SELECT * FROM counts
    WHERE is_during
),

-- A count sent as above a number may be anything above it.
lowest_counts AS (
    SELECT *
    FROM judged_counts
    WHERE
        (value < $platelets_low OR (comparator = '<' AND value <= $platelets_low))
        AND coalesce(comparator NOT IN ('>', '>='), TRUE)
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY value, collected_at, row_id) = 1
),

deepest_falls AS (
    SELECT
        exposure_id,
        b.value AS old_value,
        b.comparator AS old_comparator,
        b.collected_on AS old_day,
        l.value,
        l.comparator,
        l.collected_on,
        l.row_id
    FROM later_counts AS l
    JOIN baselines AS b USING (exposure_id)
    WHERE
        100 * (b.value - l.value) >= $platelets_fall * b.value
        AND coalesce(l.comparator NOT IN ('>', '>='), TRUE)
        AND coalesce(b.comparator NOT IN ('<', '<='), TRUE)
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY l.value, l.collected_at, l.row_id) = 1
),

coded_risks AS (
    SELECT c.exposure_id, r.wording, d.code, d.day, d.row_id
    FROM courses AS c
    JOIN conditions AS d ON c.patient_id = d.patient_id AND d.day <= c.last_day
    JOIN risk_conditions AS r USING (condition)
    WHERE r.is_for_ever OR d.resolved_on IS NULL OR d.resolved_on >= c.start_date
    QUALIFY row_number() OVER (PARTITION BY c.exposure_id, r.wording ORDER BY d.day DESC, d.row_id) = 1
),

active_drugs AS (
    SELECT
        c.exposure_id,
        r.before,
        x.ingredient,
        x.start_date,
        r.after,
        x.first_prescription_id AS row_id
    FROM courses AS c
    JOIN systemic_exposures AS x
        ON c.patient_id = x.patient_id
            AND x.start_date <= c.last_day
            AND x.end_date >= c.start_date
    JOIN risk_drugs AS r ON x.ingredient = r.ingredient
),

risks AS (
    SELECT
        exposure_id,
        1 AS place,
        concat('platelets ', comparator, spoken(value), ' x10^9/L on ', collected_on) AS wording,
        source_row('labs', row_id) AS source
    FROM lowest_counts
    UNION ALL
    SELECT
        exposure_id,
        2,
        concat(
            'platelets fallen by ', spoken(round(100 * (old_value - value) / old_value)), ' % from ', old_comparator,
            spoken(old_value), ' on ', old_day, ' to ', comparator, spoken(value), ' on ', collected_on
        ),
        source_row('labs', row_id)
    FROM deepest_falls
    UNION ALL
    SELECT exposure_id, 3, concat(wording, ' (', code, ' on ', day, ')'), source_row('diagnoses', row_id)
    FROM coded_risks
    UNION ALL
    SELECT c.exposure_id, 4, concat('pregnancy from ', p.start_date), source_row('diagnoses', p.row_id)
    FROM courses AS c
    JOIN pregnancies AS p
        ON c.patient_id = p.patient_id
            AND p.start_date <= c.last_day
            AND p.end_date >= c.start_date
    UNION ALL
    SELECT
        exposure_id,
        5,
        concat(before, ingredient, ' from ', start_date, after),
        source_row('prescriptions', row_id)
    FROM active_drugs
),

risky_courses AS (
    SELECT
        exposure_id,
        concat(': made critical by ', string_agg(wording, ', ' ORDER BY place, wording)) AS risks,
        list(source) AS sources
    FROM risks
    GROUP BY exposure_id
),

breaks AS (
    SELECT
        exposure_id,
        start_date,
        end_date,
        start_date - lag(end_date) OVER (PARTITION BY exposure_id ORDER BY start_date) - 1 >= $uk_break_days AS is_break
    FROM coverages
),

numbered_coverages AS (
    SELECT
        *,
        count(*) FILTER (WHERE is_break) OVER (PARTITION BY exposure_id ORDER BY start_date) AS stretch_no
    FROM breaks
),

stretches AS (
    SELECT exposure_id, max(end_date) - min(start_date) + 1 AS days
    FROM numbered_coverages
    GROUP BY exposure_id, stretch_no
),

longest_stretches AS (
    SELECT exposure_id, max(days) AS longest_stretch
    FROM stretches
    GROUP BY exposure_id
),

unseen AS (
    SELECT coalesce(string_agg(b.wording, '' ORDER BY b.wording), '') AS unseen
    FROM blind_spots AS b
    JOIN feeds AS f USING (feed)
    WHERE NOT f.present
),

described AS (
    SELECT
        c.*,
        j.sources AS reason_sources,
        r.sources AS risk_sources,
        coalesce(r.risks, '') AS risks,
        u.unseen,
        s.longest_stretch,
        d.highest_daily_mg,
        coalesce(d.highest_daily_mg <= $cramp_mg, FALSE) AND o.exposure_id IS NULL AS cramp_pattern,
        d.is_at_most,
        d.is_as_needed,
        c.length_days <= $course_days AND d.lowest_daily_mg >= $course_mg AND NOT d.is_as_needed AS is_treatment
    FROM courses AS c
    CROSS JOIN unseen AS u
    JOIN longest_stretches AS s USING (exposure_id)
    JOIN doses AS d USING (exposure_id)
    LEFT JOIN justified_courses AS j USING (exposure_id)
    LEFT JOIN risky_courses AS r USING (exposure_id)
    LEFT JOIN split_courses AS o USING (exposure_id)
),

judged AS (
    SELECT
        *,
        CASE
            WHEN reason_sources IS NOT NULL THEN 'malaria or babesiosis'
            WHEN is_treatment THEN 'antimalarial course'
            WHEN $region <> 'uk' THEN 'no antimalarial reason'
            WHEN length_days > $uk_trial_days AND longest_stretch >= least(length_days, $uk_stretch_days)
                THEN 'longer than the UK trial, without interruption'
            WHEN risk_sources IS NOT NULL THEN 'a risk that forbids even a trial'
            WHEN length_days <= $uk_trial_days THEN 'within the UK trial'
            ELSE 'interrupted as the UK advice asks'
        END AS reason
    FROM described
),

worded AS (
    SELECT
        *,
        if(
            reason IN (
                'malaria or babesiosis', 'antimalarial course', 'within the UK trial',
                'interrupted as the UK advice asks'
            ),
            'clear', 'finding'
        ) AS outcome,
        CASE
            WHEN highest_daily_mg IS NULL THEN 'daily dose unknown'
            ELSE concat(
                    spoken(highest_daily_mg), ' mg a day', if(is_at_most, ' at most', ''),
                    if(is_as_needed, ', as needed', ''), if(cramp_pattern, ' (cramp pattern)', '')
                )
        END AS dose,
        if(
            reason LIKE 'longer%',
            concat('supplied for ', longest_stretch, ' days without an interruption of ', $uk_break_days, ' days'),
            'without a malaria or babesiosis diagnosis, indication or treatment course'
        ) AS basis
    FROM judged
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    start_date AS index_date,
    outcome,
    if(risk_sources IS NULL, 'high', 'critical') AS severity,
    reason,
    end_date AS active_until,
    list_sort(list_distinct(list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        coalesce(reason_sources, []),
        coalesce(risk_sources, [])
    ))) AS sources,
    coalesce(first_drug_name, ingredient) AS drug_name,
    end_date,
    length_days,
    highest_daily_mg,
    dose,
    cramp_pattern,
    basis,
    risks,
    unseen
FROM worded
