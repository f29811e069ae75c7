-- One row per stretch of days in which one record puts a patient on dialysis; stretches overlap.
-- A session or procedure holds for its day and the 90 after it, a diagnosis of dependence on dialysis from its day on.
-- Both end on the day before a later kidney transplant.
-- patient_id: who is on dialysis
-- from_day: first day
-- to_day: last day; 9999-12-31 when open
-- because: what was recorded
-- feed: feed of the record
-- row_id: id of the record in its feed
WITH
dialysis_sessions AS (SELECT * FROM facts.dialysis_sessions),

procedures AS (SELECT * FROM facts.procedures),

conditions AS (SELECT * FROM facts.conditions),

records AS (
    SELECT
        patient_id,
        started_on AS from_day,
        started_on + cast($dialysis_days AS INTEGER) AS to_day,
        'dialysis session' AS because,
        'dialysis_sessions' AS feed,
        row_id
    FROM dialysis_sessions
    UNION ALL BY NAME
    SELECT
        patient_id,
        day AS from_day,
        day + cast($dialysis_days AS INTEGER) AS to_day,
        name || ' (' || code || ')' AS because,
        'procedures' AS feed,
        row_id
    FROM procedures
    WHERE procedure IN ('hemodialysis', 'peritoneal_dialysis', 'esrd_monthly_services')
    UNION ALL BY NAME
    SELECT
        patient_id,
        day AS from_day,
        DATE '9999-12-31' AS to_day,
        name || ' (' || code || ')' AS because,
        'diagnoses' AS feed,
        row_id
    FROM conditions
    WHERE condition = 'dialysis_dependence'
),

transplants AS (
    SELECT
        patient_id,
        day AS transplanted_on
    FROM procedures
    WHERE procedure = 'kidney_transplant'
    UNION
    SELECT
        patient_id,
        day
    FROM conditions
    WHERE condition = 'kidney_transplant' AND qualifier = 'status'
),

records_with_transplant AS (
    SELECT
        r.*,
        min(t.transplanted_on) AS transplanted_on
    FROM records AS r
    LEFT JOIN transplants AS t ON r.patient_id = t.patient_id AND r.from_day < t.transplanted_on
    GROUP BY ALL
)

SELECT
    patient_id,
    from_day,
    least(to_day, transplanted_on - 1) AS to_day,
    because,
    feed,
    row_id
FROM records_with_transplant
