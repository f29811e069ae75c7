-- MIMIC-III v1.4, and MIMIC-IV (folder hosp): one procedure of an admission, in ICD-9 or (MIMIC-IV) ICD-10-PCS, without dots.
-- MIMIC-IV tells the day; in MIMIC-III it is only known to lie in the stay, whose first day is taken. MIMIC-IV's rows
-- have no id: their made-up one is admission and place.
-- needs: procedures_icd.subject_id, procedures_icd.hadm_id, procedures_icd.seq_num
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
    coalesce(clean_text(p.row_id), p.hadm_id || '|' || p.seq_num) AS procedure_id,
    p.subject_id AS patient_id,
    coalesce(clean_text(p.icd9_code), clean_text(p.icd_code)) AS code,
    CASE coalesce(clean_text(p.icd_version), '9')
        WHEN '9' THEN 'icd9pcs'
        WHEN '10' THEN 'icd10pcs'
        ELSE p.icd_version
    END AS code_system,
    coalesce(clean_text(p.chartdate), a.admittime) AS performed_at,
    p.file,
    p.line
FROM raw.procedures_icd AS p
LEFT JOIN admissions AS a ON p.hadm_id = a.hadm_id
