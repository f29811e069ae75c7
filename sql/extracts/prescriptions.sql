-- One prescription of one drug.
-- The drug is given by code, by name or by both. A start may lie up to one day before the birth and up to one day after the
-- extract, since clocks and time zones differ; an end may be planned. A number of zero is kept: it is no fault, and says nothing.
-- prescription_id*: id of the prescription
-- patient_id*: whose prescription it is
-- drug_code: code of the drug
-- drug_code_system: rxnorm, ndc, atc, snomed or local
-- drug_name: name of the drug as written; needed when there is no code
-- route: way of giving it, as written
-- start_date*: first day
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
-- deleted: whether the row asks for its record to be removed
-- faults: what is wrong with the row, as {column_name, value, reason}; NULL when nothing is
WITH
sent AS (
    SELECT
        clean_text(prescription_id) AS prescription_id,
        clean_text(patient_id) AS patient_id,
        clean_text(drug_code) AS drug_code,
        clean_text(drug_code_system) AS drug_code_system_text,
        clean_text(drug_name) AS drug_name,
        clean_text(route) AS route,
        clean_text(start_date) AS start_date_text,
        clean_text(end_date) AS end_date_text,
        clean_text(status) AS status_text,
        clean_text(daily_dose_mg) AS daily_dose_mg_text,
        clean_text(dose_quantity) AS dose_quantity_text,
        clean_text(dose_unit) AS dose_unit,
        clean_text(frequency_per_day) AS frequency_per_day_text,
        clean_text(as_needed) AS as_needed_text,
        clean_text(sig) AS sig,
        clean_text(strength) AS strength,
        clean_text(quantity) AS quantity_text,
        clean_text(days_supply) AS days_supply_text,
        clean_text(refills) AS refills_text,
        clean_text(indication_code) AS indication_code,
        clean_text(indication_code_system) AS indication_code_system,
        clean_text(indication_text) AS indication_text,
        clean_text(prescriber_id) AS prescriber_id,
        clean_text(facility_id) AS facility_id,
        clean_text(deleted) AS deleted_text,
        file,
        line
    FROM source.prescriptions
),

typed AS (
    SELECT
        *,
        lower(drug_code_system_text) AS drug_code_system,
        as_date(start_date_text, $zone) AS start_date,
        as_date(end_date_text, $zone) AS end_date,
        lower(status_text) AS status,
        as_number(daily_dose_mg_text) AS daily_dose_mg,
        as_number(dose_quantity_text) AS dose_quantity,
        as_number(frequency_per_day_text) AS frequency_per_day,
        as_boolean(as_needed_text) AS as_needed,
        as_number(quantity_text) AS quantity,
        as_number(days_supply_text) AS days_supply,
        as_number(refills_text) AS refills,
        as_boolean(deleted_text) AS deleted
    FROM sent
)

SELECT
    t.prescription_id,
    t.patient_id,
    t.drug_code,
    t.drug_code_system,
    t.drug_name,
    t.route,
    t.start_date,
    t.end_date,
    t.status,
    t.daily_dose_mg,
    t.dose_quantity,
    t.dose_unit,
    t.frequency_per_day,
    t.as_needed,
    t.sig,
    t.strength,
    t.quantity,
    t.days_supply,
    t.refills,
    t.indication_code,
    t.indication_code_system,
    t.indication_text,
    t.prescriber_id,
    t.facility_id,
    t.file,
    t.line,
    t.deleted,
    faults_of(
        [
            fault('prescription_id', t.prescription_id, 'required value missing', t.prescription_id IS NULL),
            fault('patient_id', t.patient_id, 'required value missing', t.patient_id IS NULL),
            fault(
                'patient_id', t.patient_id, 'unknown patient',
                t.patient_id IS NOT NULL AND p.patient_id IS NULL AND q.patient_id IS NULL
            ),
            fault(
                'patient_id', t.patient_id, 'unknown patient (its patients row is quarantined)',
                p.patient_id IS NULL AND q.patient_id IS NOT NULL
            ),
            fault('drug_code', t.drug_code, 'drug code or name is required', t.drug_code IS NULL AND t.drug_name IS NULL),
            fault(
                'drug_code_system', t.drug_code_system_text, 'unknown value',
                t.drug_code_system NOT IN ('rxnorm', 'ndc', 'atc', 'snomed', 'local')
            ),
            fault('start_date', t.start_date_text, 'required value missing', t.start_date_text IS NULL),
            fault('start_date', t.start_date_text, 'unparseable date', unread(t.start_date_text, t.start_date)),
            fault('start_date', t.start_date_text, 'before birth', t.start_date < p.birth_date - 1),
            fault('start_date', t.start_date_text, 'after the extract', t.start_date > $extracted_on + 1),
            fault('end_date', t.end_date_text, 'unparseable date', unread(t.end_date_text, t.end_date)),
            fault('end_date', t.end_date_text, 'start after end', t.end_date < t.start_date),
            fault(
                'status', t.status_text, 'unknown value',
                t.status NOT IN ('active', 'completed', 'stopped', 'cancelled', 'entered-in-error', 'on-hold', 'unknown')
            ),
            fault('daily_dose_mg', t.daily_dose_mg_text, 'unparseable number', unread(t.daily_dose_mg_text, t.daily_dose_mg)),
            fault('daily_dose_mg', t.daily_dose_mg_text, 'out of range', t.daily_dose_mg NOT BETWEEN 0 AND 1000000),
            fault('dose_quantity', t.dose_quantity_text, 'unparseable number', unread(t.dose_quantity_text, t.dose_quantity)),
            fault('dose_quantity', t.dose_quantity_text, 'out of range', t.dose_quantity NOT BETWEEN 0 AND 100000000),
            fault(
                'frequency_per_day', t.frequency_per_day_text, 'unparseable number',
                unread(t.frequency_per_day_text, t.frequency_per_day)
            ),
            fault('frequency_per_day', t.frequency_per_day_text, 'out of range', t.frequency_per_day NOT BETWEEN 0 AND 288),
            fault('as_needed', t.as_needed_text, 'unknown value', unread(t.as_needed_text, t.as_needed)),
            fault('quantity', t.quantity_text, 'unparseable number', unread(t.quantity_text, t.quantity)),
            fault('quantity', t.quantity_text, 'out of range', t.quantity NOT BETWEEN 0 AND 100000),
            fault('days_supply', t.days_supply_text, 'unparseable number', unread(t.days_supply_text, t.days_supply)),
            fault('days_supply', t.days_supply_text, 'out of range', t.days_supply NOT BETWEEN 0 AND 3660),
            fault('refills', t.refills_text, 'unparseable number', unread(t.refills_text, t.refills)),
            fault('refills', t.refills_text, 'out of range', t.refills NOT BETWEEN 0 AND 99),
            fault('deleted', t.deleted_text, 'unknown value', unread(t.deleted_text, t.deleted))
        ],
        t.deleted,
        'prescription_id'
    ) AS faults
FROM typed AS t
LEFT JOIN extracts.patients AS p ON t.patient_id = p.patient_id
LEFT JOIN staging.patients_quarantined AS q ON t.patient_id = q.patient_id
