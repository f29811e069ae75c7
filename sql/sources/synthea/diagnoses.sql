-- Synthea's CSV export: one condition, coded in SNOMED CT.
-- A row has no id: its made-up one is a digest of patient, encounter, code and start, which is the same wherever the row
-- stands, so that an exact copy is seen as one.
-- needs: conditions.start, conditions.patient, conditions.code
SELECT
    md5(concat_ws('|', c.patient, coalesce(c.encounter, ''), coalesce(c.code, ''), coalesce(c.start, ''))) AS diagnosis_id,
    c.patient AS patient_id,
    c.code,
    'snomed' AS code_system,
    c.description AS name,
    c.start AS recorded_date,
    c.stop AS resolved_date,
    c.encounter AS encounter_id,
    c.file,
    c.line
FROM raw.conditions AS c
