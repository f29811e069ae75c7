-- The project's own format: every column has its name already.
-- needs: diagnoses.diagnosis_id, diagnoses.patient_id, diagnoses.code, diagnoses.code_system, diagnoses.recorded_date
SELECT
    diagnosis_id,
    patient_id,
    code,
    code_system,
    name,
    recorded_date,
    resolved_date,
    encounter_id,
    deleted,
    file,
    line
FROM raw.diagnoses
