-- Synthea's CSV export: one medication.
-- A row has no id: its made-up one is a digest of patient, encounter, code, start and stop, which is the same wherever the row
-- stands in whatever file, so that an exact copy is seen as one. A medication that has ended is completed, since nobody says
-- that it was stopped early; one that has not is active. DISPENSES counts dispensings of some drugs and days
-- of others, and so says nothing. Neither dose nor directions are exported.
-- needs: medications.start, medications.patient, medications.code, medications.description
-- without encounters: nobody knows who ordered it, or at which facility
WITH
organizations AS (
    -- Grouped, so that an encounter that is listed twice doubles no row.
    SELECT
        e.id AS encounter_id,
        min(e.organization) AS organization,
        min(e.provider) AS provider
    FROM raw.encounters AS e
    GROUP BY e.id
)

SELECT
    md5(
        concat_ws(
            '|', m.patient, coalesce(m.encounter, ''), coalesce(m.code, ''), coalesce(m.start, ''), coalesce(m.stop, '')
        )
    ) AS prescription_id,
    m.patient AS patient_id,
    m.code AS drug_code,
    'rxnorm' AS drug_code_system,
    m.description AS drug_name,
    m.start AS start_date,
    m.stop AS end_date,
    if(clean_text(m.stop) IS NULL, 'active', 'completed') AS status,
    m.reasoncode AS indication_code,
    if(clean_text(m.reasoncode) IS NULL, NULL, 'snomed') AS indication_code_system,
    m.reasondescription AS indication_text,
    o.provider AS prescriber_id,
    o.organization AS facility_id,
    m.file,
    m.line
FROM raw.medications AS m
LEFT JOIN organizations AS o ON m.encounter = o.encounter_id
