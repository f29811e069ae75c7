-- The project's own format: every column has its name already.
-- needs: encounters.encounter_id, encounters.patient_id, encounters.class, encounters.started_at
SELECT
    encounter_id,
    patient_id,
    class,
    started_at,
    ended_at,
    facility_id,
    deleted,
    file,
    line
FROM raw.encounters
