-- MIMIC-III v1.4, and MIMIC-IV (folder hosp): one admission to the hospital. An observation has a bed on a
-- ward, and is inpatient too.
-- needs: admissions.hadm_id, admissions.subject_id, admissions.admittime, admissions.dischtime
SELECT
    a.hadm_id AS encounter_id,
    a.subject_id AS patient_id,
    'inpatient' AS class,
    a.admittime AS started_at,
    a.dischtime AS ended_at,
    a.file,
    a.line
FROM raw.admissions AS a
