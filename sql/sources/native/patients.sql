-- The project's own format: every column has its name already.
-- needs: patients.patient_id, patients.birth_date, patients.sex
SELECT
    patient_id,
    birth_date,
    sex,
    death_date,
    facility_id,
    deleted,
    file,
    line
FROM raw.patients
