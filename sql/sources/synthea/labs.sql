-- Synthea's CSV export: one observation, of whatever category; tests that the audit does not use are loaded as they are.
-- A row has no id: its made-up one is a digest of patient, encounter, code, time and value, which is the same wherever the
-- row stands. QALY, DALY and QOLS are Synthea's own measures, every other code is LOINC. A row without a value is a test
-- without a result on file: `no result`, which is a text like `see note`.
-- needs: observations.date, observations.patient, observations.code, observations.description, observations.value
SELECT
    md5(
        concat_ws(
            '|', o.patient, coalesce(o.encounter, ''), coalesce(o.code, ''), coalesce(o.date, ''), coalesce(o.value, '')
        )
    ) AS lab_id,
    o.patient AS patient_id,
    o.date AS collected_at,
    o.code AS test_code,
    if(regexp_full_match(clean_text(o.code), '\d{1,7}-\d'), 'loinc', 'local') AS test_code_system,
    o.description AS test_name,
    coalesce(clean_text(o.value), 'no result') AS value,
    o.units AS unit,
    o.file,
    o.line
FROM raw.observations AS o
