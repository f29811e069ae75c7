-- MIMIC-III v1.4, and MIMIC-IV (folder hosp): one patient.
-- MIMIC-III puts the birth of everybody over 89 exactly 300 years before the first admission, to hide the age. Dates begin in
-- 2100, so a birth before 2000 is such a one, and is taken for 91 years before that admission, the median age of
-- these people. MIMIC-IV tells the age in one year: the birth is put at the 1st of July, at most a year off.
-- needs: patients.subject_id, patients.gender
WITH
births AS (
    SELECT
        p.subject_id,
        clean_text(p.gender) AS gender,
        clean_text(p.dob) AS dob,
        TRY_CAST(p.dob AS TIMESTAMP) AS birth,
        TRY_CAST(p.anchor_year AS INTEGER) - TRY_CAST(p.anchor_age AS INTEGER) AS anchor_birth_year,
        p.dod,
        p.file,
        p.line
    FROM raw.patients AS p
)

SELECT
    b.subject_id AS patient_id,
    CASE
        WHEN year(b.birth) < 2000 THEN CAST(CAST(b.birth + to_years(300 - 91) AS DATE) AS VARCHAR)
        WHEN b.dob IS NOT NULL THEN b.dob
        ELSE format('{:04d}-07-01', b.anchor_birth_year)
    END AS birth_date,
    CASE upper(b.gender)
        WHEN 'F' THEN 'female'
        WHEN 'M' THEN 'male'
        ELSE coalesce(b.gender, 'unknown')
    END AS sex,
    b.dod AS death_date,
    b.file,
    b.line
FROM births AS b
