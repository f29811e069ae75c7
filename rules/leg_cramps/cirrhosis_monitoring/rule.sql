-- New courses of a diuretic or of oral baclofen in cirrhosis, each with what was measured in its first month.
WITH
cirrhosis_codes AS (SELECT * FROM facts.conditions WHERE condition = 'cirrhosis' AND day <= $horizon),

audited_drugs AS (
    SELECT DISTINCT ingredient, 'diuretic' AS drug_group FROM facts.drug_sets
    WHERE list IN ('diuretic_loop', 'diuretic_thiazide', 'diuretic_ksparing')
    UNION ALL
    SELECT 'baclofen' AS ingredient, 'baclofen' AS drug_group
),

exposures AS (
    SELECT * FROM facts.exposures SEMI JOIN cirrhosis_codes USING (patient_id) SEMI JOIN audited_drugs USING (ingredient)
    WHERE route_group <> 'topical' AND start_date <= $horizon
),

people AS (SELECT * FROM facts.people),

orders AS (
    SELECT * FROM facts.prescriptions SEMI JOIN exposures USING (patient_id) SEMI JOIN audited_drugs USING (ingredient)
),

-- A reported eGFR is a creatinine that somebody looked at.
results AS (
    SELECT *, if(analyte = 'egfr', 'creatinine', analyte) AS test
    FROM facts.labs SEMI JOIN exposures USING (patient_id)
    WHERE analyte IN ('creatinine', 'egfr', 'sodium', 'potassium') AND collected_on <= $horizon
),

tests (test, place) AS (VALUES ('creatinine', 1), ('sodium', 2), ('potassium', 3)),

-- What went before, by whatever route; courses that start on the same day are no predecessors.
preceded AS (
    SELECT
        e.*,
        d.drug_group,
        max(e.end_date) OVER (
            PARTITION BY e.patient_id, e.ingredient
            ORDER BY e.start_date
            GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS last_covered
    FROM exposures AS e
    JOIN audited_drugs AS d USING (ingredient)
),

-- Started by two routes on one day is started once: the longer course stands for both.
starts AS (
    SELECT *
    FROM preceded
    WHERE
        (last_covered IS NULL OR last_covered < start_date - $new_days)
        AND (drug_group = 'diuretic' OR route_group = 'oral')
    QUALIFY row_number() OVER (PARTITION BY patient_id, ingredient, start_date ORDER BY end_date DESC, exposure_id) = 1
),

-- In cirrhosis: coded by the last day judged. The first code stands for all.
courses AS (
    SELECT
        s.*,
        p.death_date,
        p.first_seen,
        s.start_date + 1 AS window_start,
        s.start_date + $window_days AS window_end,
        c.code AS cirrhosis_code,
        c.day AS cirrhosis_since,
        c.row_id AS cirrhosis_id
    FROM starts AS s
    JOIN people AS p USING (patient_id)
    JOIN cirrhosis_codes AS c ON s.patient_id = c.patient_id AND c.day <= s.start_date + $window_days
    QUALIFY row_number() OVER (PARTITION BY s.exposure_id ORDER BY c.day, c.row_id) = 1
),

combinations AS (
    SELECT row_id AS first_prescription_id
    FROM orders
    GROUP BY row_id
    HAVING count(*) > 1
),

results_after AS (
    SELECT c.exposure_id, r.test, list(source_row('labs', r.row_id)) AS sources
    FROM courses AS c
    JOIN results AS r ON c.patient_id = r.patient_id AND r.collected_on BETWEEN c.window_start AND c.window_end
    GROUP BY c.exposure_id, r.test
),

latest_before AS (
    SELECT
        c.exposure_id,
        r.test,
        [source_row('labs', r.row_id)] AS sources,
        concat(
            if(r.analyte = 'egfr', 'eGFR', r.analyte), ' ', r.value_as_sent, ' ' || r.unit_as_sent, ' on ', r.collected_on
        ) AS wording
    FROM courses AS c
    JOIN results AS r
        ON c.patient_id = r.patient_id AND r.collected_on BETWEEN c.start_date - $baseline_days AND c.start_date
    QUALIFY row_number() OVER (
            PARTITION BY c.exposure_id, r.test
            ORDER BY r.collected_on DESC, r.analyte, r.collected_at DESC, r.row_id
        ) = 1
),

-- One row a course and test, seen or not.
tested AS (
    SELECT
        c.exposure_id,
        t.test,
        t.place,
        a.test IS NOT NULL AS is_measured,
        list_concat(a.sources, b.sources) AS sources,
        coalesce(b.wording, 'no ' || t.test) AS baseline
    FROM courses AS c
    CROSS JOIN tests AS t
    LEFT JOIN results_after AS a USING (exposure_id, test)
    LEFT JOIN latest_before AS b USING (exposure_id, test)
),

monitored AS (
    SELECT
        exposure_id,
        coalesce(list(test ORDER BY place) FILTER (WHERE NOT is_measured), []) AS missing,
        flatten(list(sources)) AS sources,
        string_agg(baseline, ', ' ORDER BY place) AS baseline
    FROM tested
    GROUP BY exposure_id
),

judged AS (
    SELECT
        c.*,
        m.* EXCLUDE (exposure_id, sources),
        m.sources AS result_sources,
        if(
            n.first_prescription_id IS NULL,
            coalesce(c.first_drug_name, c.ingredient),
            concat(c.ingredient, ' (in ' || c.first_drug_name || ')')
        ) AS told_drug,
        CASE
            WHEN c.death_date <= c.window_end THEN 'excluded'
            WHEN c.first_seen > c.start_date - $new_days THEN 'not_evaluable'
            WHEN m.missing = [] THEN 'clear'
            WHEN c.window_end > $horizon THEN 'pending'
            ELSE 'finding'
        END AS outcome
    FROM courses AS c
    JOIN monitored AS m USING (exposure_id)
    LEFT JOIN combinations AS n USING (first_prescription_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    start_date AS index_date,
    outcome,
    'moderate' AS severity,
    CASE outcome
        WHEN 'excluded' THEN concat('died within ', $window_days, ' days')
        WHEN 'not_evaluable' THEN 'not observed long enough'
        WHEN 'clear' THEN 'creatinine, sodium and potassium measured'
        WHEN 'pending' THEN 'window still open'
        ELSE concat('missing: ', array_to_string(missing, ', '))
    END AS reason,
    end_date AS active_until,
    window_end AS judged_from,
    list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        [source_row('diagnoses', cirrhosis_id)],
        result_sources
    ) AS sources,
    drug_group,
    ingredient AS drug,
    coalesce(first_drug_name, ingredient) AS drug_name,
    told_drug,
    start_date,
    cirrhosis_code,
    cirrhosis_since,
    window_start,
    window_end,
    CASE len(missing)
        WHEN 0 THEN ''
        WHEN 1 THEN missing[1]
        WHEN 2 THEN concat(missing[1], ' or ', missing[2])
        ELSE concat(missing[1], ', ', missing[2], ' or ', missing[3])
    END AS missing,
    baseline
FROM judged
