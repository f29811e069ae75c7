-- One recorded administration of a listed drug and one of its ingredients, up to the audit's date.
-- row_id: administration_id of the extract
-- patient_id: patient
-- ingredient: ingredient
-- route_group: oral, injectable, intrathecal, topical, vaginal, ophthalmic, other, or unknown
-- product_class: for magnesium: supplement, laxative_antacid, bowel_prep or intravenous
-- matched_by: code:rxnorm, code:ndc, code:atc, code:snomed, or name
-- administered_at: when it was given
-- administered_on: day on which it was given
-- dose_mg: dose in mg, as labelled; NULL when the unit does not say
-- file: file of the extract
-- line: line of that file
WITH
given AS (SELECT * FROM clean.administrations)

SELECT
    row_id,
    patient_id,
    ingredient,
    route_group,
    product_class,
    matched_by,
    administered_at,
    CAST(administered_at AS DATE) AS administered_on,
    dose_mg,
    file,
    line
FROM given
WHERE CAST(administered_at AS DATE) <= $as_of
