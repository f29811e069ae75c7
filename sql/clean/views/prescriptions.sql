-- One prescription of a listed drug and one of its ingredients, with what its code, name, strength and dose unit say.
-- A view: it is read once, and a copy would only cost time.
-- patient_id: whose prescription it is
-- drug_name: name of the drug as written; needed when there is no code
-- start_date: first day
-- end_date: last day, not before the first
-- status: active, completed, stopped, cancelled, entered-in-error, on-hold or unknown
-- daily_dose_mg: dose a day in mg, 0 to 1,000,000 (a kilogram: bulk laxatives and tube feeds come near)
-- dose_quantity: dose each time in dose_unit, 0 to 100,000,000 (penicillin is given by the million units)
-- dose_unit: unit of dose_quantity, as written
-- frequency_per_day: times a day, 0 to 288 (every five minutes); once a week is 0.142857
-- as_needed: whether it is to be taken only when needed
-- sig: directions, as written
-- strength: strength of the product, as written
-- quantity: units dispensed, 0 to 100,000
-- days_supply: days that one dispensing lasts, 0 to 3,660 (ten years: implants)
-- refills: further dispensings, 0 to 99
-- indication_code: code of the reason
-- indication_code_system: system of that code, as written
-- indication_text: the reason, as written
-- prescriber_id: who prescribed
-- facility_id: where
-- file: file of the extract
-- line: line of the file on which the row starts
-- row_id: prescription_id of the extract
-- ingredient: ingredient
-- matched_by: code:rxnorm, code:ndc, code:atc, code:snomed, or name
-- route_group: oral, injectable, intrathecal, topical, vaginal, ophthalmic or other; NULL when neither the route, nor the code,
--   nor a dose form says it. The route as sent decides unless it contradicts the dose form (a tablet given as an injection),
--   and all injectable baclofen is intrathecal
-- product_class: for magnesium: supplement, laxative_antacid, bowel_prep or intravenous; NULL when neither the code, nor the
--   name, nor the route says it
-- salt: magnesium salt
-- elemental_fraction: share of elemental magnesium in the salt
-- strength_mg: mg of a tablet or capsule, or in `per_ml` ml; a tablet of more than 20 g is none, and not believed
-- per_ml: ml that hold `strength_mg`; NULL for tablets and capsules
-- strength_source: where the strength comes from: code, strength or name
-- dose_unit_kind: what the dose unit measures: mass, volume, amount or count; NULL when it does not say
-- mg_per_dose_unit: mg, as labelled, of one dose unit
-- elemental_mg_per_dose_unit: mg of elemental magnesium of one dose unit
WITH
orders AS (SELECT * FROM extracts.prescriptions),

product_drugs AS (SELECT * FROM clean.product_drugs)

SELECT
    p.patient_id,
    p.drug_name,
    p.start_date,
    p.end_date,
    p.status,
    p.daily_dose_mg,
    p.dose_quantity,
    p.dose_unit,
    p.frequency_per_day,
    p.as_needed,
    p.sig,
    p.strength,
    p.quantity,
    p.days_supply,
    p.refills,
    p.indication_code,
    p.indication_code_system,
    p.indication_text,
    p.prescriber_id,
    p.facility_id,
    p.file,
    p.line,
    p.prescription_id AS row_id,
    l.ingredient,
    l.matched_by,
    l.route_group,
    l.product_class,
    l.salt,
    l.elemental_fraction,
    l.strength_mg,
    l.per_ml,
    l.strength_source,
    l.dose_unit_kind,
    l.mg_per_dose_unit,
    l.elemental_mg_per_dose_unit
FROM orders AS p
JOIN product_drugs AS l
    ON p.drug_code IS NOT DISTINCT FROM l.drug_code
        AND p.drug_code_system IS NOT DISTINCT FROM l.drug_code_system
        AND p.drug_name IS NOT DISTINCT FROM l.drug_name
        AND p.route IS NOT DISTINCT FROM l.route
        AND p.strength IS NOT DISTINCT FROM l.strength
        AND p.dose_unit IS NOT DISTINCT FROM l.dose_unit
