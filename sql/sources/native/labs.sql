-- The project's own format: every column has its name already.
-- needs: labs.lab_id, labs.patient_id, labs.collected_at, labs.value
SELECT
    lab_id,
    patient_id,
    collected_at,
    test_code,
    test_code_system,
    test_name,
    value,
    unit,
    reference_low,
    reference_high,
    status,
    facility_id,
    deleted,
    file,
    line
FROM raw.labs
