-- The project's own format: every column has its name already.
-- needs: administrations.administration_id, administrations.patient_id, administrations.administered_at
SELECT
    administration_id,
    patient_id,
    drug_code,
    drug_code_system,
    drug_name,
    route,
    dose_quantity,
    dose_unit,
    administered_at,
    deleted,
    file,
    line
FROM raw.administrations
