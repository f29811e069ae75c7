-- One row per diagnosis that tells the stage of chronic kidney disease well enough to stand in for a missing eGFR.
-- Stages 1, 2, an undivided 3 and an unstaged disease point to no single band below 60 and are not here.
-- patient_id: whose diagnosis it is
-- day: date of the record
-- stage: 3a, 3b, 4 or 5
-- egfr_stand_in: a number inside the stage's band, mL/min/1.73 m2: 52, 37, 22 or 10
-- code: code as sent
-- name: name as sent, else the list's term
-- row_id: diagnosis_id of the extract
-- file: file of the extract
-- line: line of the file
WITH
conditions AS (
    SELECT * FROM facts.conditions
    WHERE condition = 'ckd_by_stage'
),

staged AS (
    SELECT
        *,
        regexp_extract(qualifier, 'stage=(\w*)', 1) AS stage
    FROM conditions
)

SELECT
    patient_id,
    day,
    stage,
    CASE stage
        WHEN '3a' THEN 52.0::DOUBLE
        WHEN '3b' THEN 37.0
        WHEN '4' THEN 22.0
        ELSE 10.0
    END AS egfr_stand_in,
    code,
    name,
    row_id,
    file,
    line
FROM staged
WHERE stage IN ('3a', '3b', '4', '5')
