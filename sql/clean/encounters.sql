-- One row per encounter.
-- row_id: encounter_id of the extract
-- patient_id: who was seen
-- class: inpatient, emergency, outpatient or virtual
-- started_at: when it began
-- ended_at: when it ended, NULL while it lasts or when nobody recorded it
-- started_on: date of the beginning
-- ended_on: date of the end
-- facility_id: where it was
-- file: file of the extract
-- line: line of the file
WITH
encounters AS (SELECT * FROM extracts.encounters)

SELECT
    encounter_id AS row_id,
    patient_id,
    class,
    started_at,
    ended_at,
    cast(started_at AS DATE) AS started_on,
    cast(ended_at AS DATE) AS ended_on,
    facility_id,
    file,
    line
FROM encounters
