-- One row per encounter that began by the date of the audit.
-- row_id: encounter_id of the extract
-- patient_id: who was seen
-- class: inpatient, emergency, outpatient or virtual
-- started_at: when it began
-- ended_at: when it ended, NULL when nobody recorded it or it was after the date of the audit
-- started_on: date of the beginning
-- ended_on: date of the end, NULL like ended_at
-- facility_id: where it was
-- file: file of the extract
-- line: line of the file
WITH
encounters AS (SELECT * FROM clean.encounters)

SELECT
    * REPLACE (
        if(ended_on <= $as_of, ended_at, NULL) AS ended_at,
        if(ended_on <= $as_of, ended_on, NULL) AS ended_on
    )
FROM encounters
WHERE started_on <= $as_of
