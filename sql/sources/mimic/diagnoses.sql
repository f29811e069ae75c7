-- MIMIC-III v1.4, and MIMIC-IV (folder hosp): one diagnosis of an admission, in ICD-9-CM or (MIMIC-IV) ICD-10-CM, without dots.
-- Codes are given at discharge and have no date of their own. The day of admission is taken: the illness was there or arose
-- in the days after, and what it warns of is to be seen from the first day. MIMIC-IV's rows have no id: their made-up
-- one is admission and place.
-- needs: diagnoses_icd.subject_id, diagnoses_icd.hadm_id, diagnoses_icd.seq_num
-- needs: admissions.hadm_id, admissions.admittime
WITH
admissions AS (
    -- Grouped, so that an admission that is listed twice doubles no row.
    SELECT
        a.hadm_id,
        min(a.admittime) AS admittime
    FROM raw.admissions AS a
    GROUP BY a.hadm_id
)

SELECT
    coalesce(clean_text(d.row_id), d.hadm_id || '|' || d.seq_num) AS diagnosis_id,
    d.subject_id AS patient_id,
    coalesce(clean_text(d.icd9_code), clean_text(d.icd_code)) AS code,
    CASE coalesce(clean_text(d.icd_version), '9')
        WHEN '9' THEN 'icd9cm'
        WHEN '10' THEN 'icd10cm'
        ELSE d.icd_version
    END AS code_system,
    a.admittime AS recorded_date,
    d.hadm_id AS encounter_id,
    d.file,
    d.line
FROM raw.diagnoses_icd AS d
LEFT JOIN admissions AS a ON d.hadm_id = a.hadm_id
