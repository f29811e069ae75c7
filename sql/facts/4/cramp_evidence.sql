-- One row per record that is evidence of leg cramps, in tiers. That there is none never means that there are no cramps.
-- patient_id: whose evidence it is
-- day: date of the record
-- tier: A coded (a diagnosis, or a prescription's indication code), B text (a prescription's indication text or sig
--     that names leg, nocturnal or muscle cramps), C inferred (quinine prescribed without an antimalarial reason)
-- because: what was recorded
-- feed: diagnoses or prescriptions
-- row_id: id of the record in its feed
WITH
conditions AS (SELECT * FROM facts.conditions),

indications AS (SELECT * FROM facts.indications),

prescriptions AS (SELECT * FROM facts.prescriptions),

malaria_records AS (
    SELECT
        patient_id,
        day
    FROM conditions
    WHERE condition IN ('malaria', 'babesiosis') AND coalesce(qualifier, '') != 'history'
    UNION ALL
    SELECT
        patient_id,
        day
    FROM indications
    WHERE condition IN ('malaria', 'babesiosis') AND coalesce(qualifier, '') != 'history'
),

quinine_for_cramps AS (
    SELECT q.*
    FROM prescriptions AS q
    WHERE
        q.ingredient = 'quinine'
        AND NOT coalesce(
            q.daily_dose_mg >= $antimalarial_dose_mg
            AND q.end_date - q.start_date < cast($antimalarial_course_days AS INTEGER),
            FALSE
        )
        AND NOT EXISTS (
            SELECT 1 FROM malaria_records AS m
            WHERE
                m.patient_id = q.patient_id
                AND m.day BETWEEN q.start_date - cast($antimalarial_reason_days AS INTEGER)
                AND q.start_date + cast($antimalarial_reason_days AS INTEGER)
        )
)

SELECT
    patient_id,
    day,
    'A' AS tier,
    name || ' (' || code || ')' AS because,
    'diagnoses' AS feed,
    row_id
FROM conditions
WHERE condition = 'leg_cramps'
UNION ALL BY NAME
SELECT
    patient_id,
    day,
    if(found_in = 'indication_code', 'A', 'B') AS tier,
    CASE found_in
        WHEN 'indication_code' THEN 'indication: ' || words || ' (' || code || ')'
        WHEN 'indication_text' THEN 'indication: ' || words
        ELSE 'sig: ' || words
    END AS because,
    'prescriptions' AS feed,
    row_id
FROM indications
WHERE condition = 'leg_cramps'
UNION ALL BY NAME
SELECT
    patient_id,
    start_date AS day,
    'C' AS tier,
    coalesce(drug_name, 'quinine') || ' without an antimalarial reason' AS because,
    'prescriptions' AS feed,
    row_id
FROM quinine_for_cramps
