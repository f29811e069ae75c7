-- One dose that was given, as the ward or the clinic recorded it.
-- The drug is given by code, by name or by both.
-- administration_id*: id of the administration
-- patient_id*: who was given it
-- drug_code: code of the drug
-- drug_code_system: rxnorm, ndc, atc, snomed or local
-- drug_name: name of the drug as written; needed when there is no code
-- route: way of giving it, as written
-- dose_quantity: dose in dose_unit, 0 to 100,000,000 (penicillin is given by the million units)
-- dose_unit: unit of dose_quantity, as written
-- administered_at*: when it was given, in the site's zone; up to one day before the birth or after the extract
-- file: file of the extract
-- line: line of the file on which the row starts
-- deleted: whether the row asks for its record to be removed
-- faults: what is wrong with the row, as {column_name, value, reason}; NULL when nothing is
WITH
sent AS (
    SELECT
        clean_text(administration_id) AS administration_id,
        clean_text(patient_id) AS patient_id,
        clean_text(drug_code) AS drug_code,
        clean_text(drug_code_system) AS drug_code_system_text,
        clean_text(drug_name) AS drug_name,
        clean_text(route) AS route,
        clean_text(dose_quantity) AS dose_quantity_text,
        clean_text(dose_unit) AS dose_unit,
        clean_text(administered_at) AS administered_at_text,
        clean_text(deleted) AS deleted_text,
        file,
        line
    FROM source.administrations
),

typed AS (
    SELECT
        *,
        lower(drug_code_system_text) AS drug_code_system,
        as_number(dose_quantity_text) AS dose_quantity,
        as_timestamp(administered_at_text, $zone) AS administered_at,
        as_boolean(deleted_text) AS deleted
    FROM sent
)

SELECT
    t.administration_id,
    t.patient_id,
    t.drug_code,
    t.drug_code_system,
    t.drug_name,
    t.route,
    t.dose_quantity,
    t.dose_unit,
    t.administered_at,
    t.file,
    t.line,
    t.deleted,
    faults_of(
        [
            fault('administration_id', t.administration_id, 'required value missing', t.administration_id IS NULL),
            fault('patient_id', t.patient_id, 'required value missing', t.patient_id IS NULL),
            fault(
                'patient_id', t.patient_id, 'unknown patient',
                t.patient_id IS NOT NULL AND p.patient_id IS NULL AND q.patient_id IS NULL
            ),
            fault(
                'patient_id', t.patient_id, 'unknown patient (its patients row is quarantined)',
                p.patient_id IS NULL AND q.patient_id IS NOT NULL
            ),
            fault(
                'drug_code', t.drug_code, 'drug code or name is required',
                t.drug_code IS NULL AND t.drug_name IS NULL
            ),
            fault(
                'drug_code_system', t.drug_code_system_text, 'unknown value',
                t.drug_code_system NOT IN ('rxnorm', 'ndc', 'atc', 'snomed', 'local')
            ),
            fault(
                'dose_quantity', t.dose_quantity_text, 'unparseable number',
                unread(t.dose_quantity_text, t.dose_quantity)
            ),
            fault('dose_quantity', t.dose_quantity_text, 'out of range', t.dose_quantity NOT BETWEEN 0 AND 100000000),
            fault('administered_at', t.administered_at_text, 'required value missing', t.administered_at_text IS NULL),
            fault(
                'administered_at', t.administered_at_text, 'unparseable date',
                unread(t.administered_at_text, t.administered_at)
            ),
            fault(
                'administered_at', t.administered_at_text, 'before birth',
                CAST(t.administered_at AS DATE) < p.birth_date - 1
            ),
            fault(
                'administered_at', t.administered_at_text, 'after the extract',
                CAST(t.administered_at AS DATE) > $extracted_on + 1
            ),
            fault('deleted', t.deleted_text, 'unknown value', unread(t.deleted_text, t.deleted))
        ],
        t.deleted,
        'administration_id'
    ) AS faults
FROM typed AS t
LEFT JOIN extracts.patients AS p ON t.patient_id = p.patient_id
LEFT JOIN staging.patients_quarantined AS q ON t.patient_id = q.patient_id
