-- One prescription of a listed drug and one of its ingredients. Cancelled and mistaken orders, orders on hold and orders that
-- start after the audit's date are left out; dose and dates stand as sent.
-- row_id: prescription_id of the extract
-- patient_id: patient
-- ingredient: ingredient
-- matched_by: code:rxnorm, code:ndc, code:atc, code:snomed, or name
-- route_group: route group of the product, see clean.product_drugs; NULL when it does not say
-- product_class: for magnesium: supplement, laxative_antacid, bowel_prep or intravenous
-- salt: magnesium salt
-- elemental_fraction: share of elemental magnesium in the salt
-- strength_mg: mg of a tablet or capsule, or in `per_ml` ml
-- per_ml: ml that hold `strength_mg`; NULL for tablets and capsules
-- strength_source: where the strength comes from: code, strength or name
-- dose_unit_kind: what the dose unit measures: mass, volume, amount or count
-- mg_per_dose_unit: mg, as labelled, of one dose unit
-- elemental_mg_per_dose_unit: mg of elemental magnesium of one dose unit
-- drug_name: name as sent
-- start_date: first day
-- end_date: last day as sent
-- status: status as sent
-- daily_dose_mg: stated daily dose in mg
-- dose_quantity: quantity of one dose, in dose units
-- dose_unit: unit of the dose quantity as sent
-- frequency_per_day: doses a day as sent
-- as_needed: whether the order is marked as needed
-- sig: directions as sent
-- strength: strength as sent
-- quantity: tablets, capsules or ml supplied
-- days_supply: days supplied
-- refills: number of refills
-- indication_code: code of the indication
-- indication_code_system: system of that code
-- indication_text: indication in words
-- prescriber_id: prescriber
-- facility_id: facility
-- file: file of the extract
-- line: line of that file
WITH listed_products AS (
    SELECT d.*, p.drug_code, p.drug_code_system, p.drug_name, p.route, p.strength, p.dose_unit
    FROM clean.product_drugs AS d
    JOIN clean.products AS p USING (product_id)
    WHERE p.prescriptions > 0
)

SELECT
    p.prescription_id AS row_id,
    p.patient_id,
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
    l.elemental_mg_per_dose_unit,
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
    p.line
FROM extracts.prescriptions AS p
JOIN listed_products AS l
    ON p.drug_code IS NOT DISTINCT FROM l.drug_code
    AND p.drug_code_system IS NOT DISTINCT FROM l.drug_code_system
    AND p.drug_name IS NOT DISTINCT FROM l.drug_name
    AND p.route IS NOT DISTINCT FROM l.route
    AND p.strength IS NOT DISTINCT FROM l.strength
    AND p.dose_unit IS NOT DISTINCT FROM l.dose_unit
WHERE p.start_date <= $as_of
    AND coalesce(p.status, 'unknown') NOT IN ('cancelled', 'entered-in-error', 'on-hold')
