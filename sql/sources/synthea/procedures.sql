-- Synthea's CSV export: one procedure, coded in SNOMED CT. Older versions call its start DATE.
-- A row has no id: its made-up one is a digest of patient, encounter, code, start and stop, which is the same wherever the
-- row stands, so that an exact copy is seen as one.
-- needs: procedures.patient, procedures.code
SELECT
    md5(
        concat_ws(
            '|', p.patient, coalesce(p.encounter, ''), coalesce(p.code, ''), coalesce(p.start, p.date, ''), coalesce(p.stop, '')
        )
    ) AS procedure_id,
    p.patient AS patient_id,
    p.code,
    'snomed' AS code_system,
    p.description AS name,
    coalesce(p.start, p.date) AS performed_at,
    p.file,
    p.line
FROM raw.procedures AS p
