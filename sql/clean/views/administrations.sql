-- One recorded administration of a listed drug and one of its ingredients.
-- A view: it is read once, and a copy would only cost time.
-- row_id: administration_id of the extract
-- patient_id: patient
-- ingredient: ingredient
-- route_group: oral, injectable, intrathecal, topical, vaginal, ophthalmic, other, or unknown
-- product_class: for magnesium: supplement, laxative_antacid, bowel_prep or intravenous
-- matched_by: code:rxnorm, code:ndc, code:atc, code:snomed, or name
-- administered_at: when it was given
-- dose_mg: dose in mg, as labelled; NULL when the unit does not say
-- file: file of the extract
-- line: line of that file
WITH
given AS (SELECT * FROM extracts.administrations),

product_drugs AS (SELECT * FROM clean.product_drugs)

SELECT
    a.administration_id AS row_id,
    a.patient_id,
    l.ingredient,
    coalesce(l.route_group, 'unknown') AS route_group,
    l.product_class,
    l.matched_by,
    a.administered_at,
    a.dose_quantity * l.mg_per_dose_unit AS dose_mg,
    a.file,
    a.line
FROM given AS a
JOIN product_drugs AS l
    ON a.drug_code IS NOT DISTINCT FROM l.drug_code
        AND a.drug_code_system IS NOT DISTINCT FROM l.drug_code_system
        AND a.drug_name IS NOT DISTINCT FROM l.drug_name
        AND a.route IS NOT DISTINCT FROM l.route
        AND a.dose_unit IS NOT DISTINCT FROM l.dose_unit
        AND l.strength IS NULL
