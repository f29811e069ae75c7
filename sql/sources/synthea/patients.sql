-- Synthea's CSV export: one patient.
-- needs: patients.id, patients.birthdate, patients.gender
SELECT
    p.id AS patient_id,
    p.birthdate AS birth_date,
    CASE upper(clean_text(p.gender))
        WHEN 'F' THEN 'female'
        WHEN 'M' THEN 'male'
        ELSE coalesce(p.gender, 'unknown')
    END AS sex,
    p.deathdate AS death_date,
    p.file,
    p.line
FROM raw.patients AS p
