-- One row per record that is evidence of spasticity: it keeps the baclofen dose rules for cramps off a patient.
-- `Cramp and spasm` (R25.2) and `disease of spinal cord, unspecified` (G95.9, 336.9) are no such evidence, whatever a
-- list says: they would switch the rules off for the very patients they are for.
-- patient_id: whose evidence it is
-- day: date of the record
-- because: what was recorded
-- feed: diagnoses or prescriptions
-- row_id: id of the record in its feed
WITH
conditions AS (
    SELECT * FROM facts.conditions
    WHERE condition = 'spasticity'
),

indications AS (
    SELECT * FROM facts.indications
    WHERE condition = 'spasticity'
),

records AS (
    SELECT
        patient_id,
        day,
        code,
        name || ' (' || code || ')' AS because,
        'diagnoses' AS feed,
        row_id
    FROM conditions
    UNION ALL
    SELECT
        patient_id,
        day,
        code,
        'indication: ' || words || coalesce(' (' || code || ')', '') AS because,
        'prescriptions' AS feed,
        row_id
    FROM indications
)

SELECT
    patient_id,
    day,
    because,
    feed,
    row_id
FROM records
WHERE coalesce(plain_code(code), '') NOT IN ('R252', 'G959', '3369')
