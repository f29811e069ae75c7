-- The project's own format: every column has its name already.
-- needs: procedures.procedure_id, procedures.patient_id, procedures.code, procedures.code_system, procedures.performed_at
SELECT
    procedure_id,
    patient_id,
    code,
    code_system,
    name,
    performed_at,
    deleted,
    file,
    line
FROM raw.procedures
