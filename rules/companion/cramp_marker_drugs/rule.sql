-- First cramps on record, each with the drugs active on its day that are known to go before cramp treatment.
WITH
cramps AS (SELECT * FROM facts.cramp_evidence WHERE tier IN ('A', 'B') AND day <= $horizon),

exposures AS (
    SELECT * FROM facts.exposures
    SEMI JOIN cramps USING (patient_id)
    WHERE route_group NOT IN ('topical', 'vaginal', 'ophthalmic')
),

drug_sets AS (SELECT * FROM facts.drug_sets),

groups (list, place, wording) AS (
    VALUES
    ('laba', 1, 'a long-acting beta agonist'),
    ('diuretic_ksparing', 2, 'a potassium-sparing diuretic'),
    ('diuretic_thiazide', 3, 'a thiazide-like diuretic'),
    ('diuretic_loop', 4, 'a loop diuretic'),
    ('statin', 5, 'a statin')
),

marker_drugs AS (
    SELECT g.list, g.place, g.wording, s.ingredient
    FROM groups AS g
    JOIN drug_sets AS s USING (list)
    WHERE g.list <> 'diuretic_thiazide' OR s.ingredient IN ('chlorthalidone', 'indapamide', 'metolazone')
),

cramp_days AS (SELECT DISTINCT patient_id, day FROM cramps),

first_cramps AS (
    SELECT
        *,
        concat(patient_id, '|', day) AS unit_id
    FROM cramp_days
    QUALIFY coalesce(day - lag(day) OVER (PARTITION BY patient_id ORDER BY day) > $cramp_free_days, TRUE)
),

told_cramps AS (
    SELECT
        f.unit_id,
        arg_min(c.because, (c.tier, c.feed, c.row_id)) AS because,
        list(source_row(c.feed, c.row_id)) AS sources
    FROM first_cramps AS f
    JOIN cramps AS c USING (patient_id, day)
    GROUP BY f.unit_id
),

active_drugs AS (
    SELECT
        f.unit_id,
        m.list,
        m.place,
        concat(m.wording, ' (', e.ingredient, ' since ', min(e.start_date), ')') AS wording,
        max(e.end_date) AS end_date,
        flatten(list(list_transform(e.prescription_ids, lambda id: source_row('prescriptions', id)))) AS sources
    FROM first_cramps AS f
    JOIN exposures AS e ON f.patient_id = e.patient_id AND f.day BETWEEN e.start_date AND e.end_date
    JOIN marker_drugs AS m USING (ingredient)
    GROUP BY f.unit_id, m.list, m.place, m.wording, e.ingredient
),

told_drugs AS (
    SELECT
        unit_id,
        string_agg(wording, ', ' ORDER BY place, wording) AS drugs,
        max(end_date) AS end_date,
        flatten(list(sources)) AS sources,
        bool_or(list = 'laba') AS beta_agonist,
        bool_or(list = 'diuretic_ksparing') AS potassium_sparing,
        bool_or(list = 'diuretic_thiazide') AS thiazide_like,
        bool_or(list = 'diuretic_loop') AS loop_diuretic,
        bool_or(list = 'statin') AS statin
    FROM active_drugs
    GROUP BY unit_id
)

SELECT
    f.unit_id,
    f.patient_id,
    f.day AS index_date,
    if(d.unit_id IS NULL, 'clear', 'finding') AS outcome,
    'low' AS severity,
    if(d.unit_id IS NULL, 'none of these drugs on the day', 'a drug that goes before cramps') AS reason,
    d.end_date AS active_until,
    list_concat(c.sources, coalesce(d.sources, [])) AS sources,
    f.day AS cramp_day,
    c.because,
    d.drugs,
    coalesce(d.beta_agonist, FALSE) AS beta_agonist,
    coalesce(d.potassium_sparing, FALSE) AS potassium_sparing,
    coalesce(d.thiazide_like, FALSE) AS thiazide_like,
    coalesce(d.loop_diuretic, FALSE) AS loop_diuretic,
    coalesce(d.statin, FALSE) AS statin
FROM first_cramps AS f
JOIN told_cramps AS c USING (unit_id)
LEFT JOIN told_drugs AS d USING (unit_id)
