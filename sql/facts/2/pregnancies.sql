-- One row per pregnancy: from its first code to the first code of delivery or another end, its 280th day, or the day
-- before the next pregnancy, whichever comes first, both days included. Codes of an end make no pregnancy by
-- themselves; a new one begins with a code after an end, or after 60 days without any code. Recorded sex is not looked
-- at.
-- patient_id: who is pregnant
-- start_date: day of the first code
-- end_date: last day, which may lie after the date of the audit
-- row_id: diagnosis_id of the first code
WITH
conditions AS (
    SELECT * FROM facts.conditions
    WHERE condition = 'pregnancy'
),

code_days AS (
    SELECT
        patient_id,
        day,
        bool_or(qualifier = 'pregnant') AS is_pregnant,
        bool_or(qualifier IN ('delivery', 'end', 'postpartum')) AS is_end,
        min(row_id) FILTER (WHERE qualifier = 'pregnant') AS row_id
    FROM conditions
    WHERE qualifier IN ('pregnant', 'delivery', 'end', 'postpartum')
    GROUP BY patient_id, day
),

starts_marked AS (
    SELECT
        *,
        is_pregnant AND (
            lag(day) OVER days IS NULL
            OR lag(is_end) OVER days
            OR day - lag(day) OVER days > cast($pregnancy_gap_days AS INTEGER)
        ) AS is_start
    FROM code_days
    WINDOW days AS (PARTITION BY patient_id ORDER BY day)
),

numbered AS (
    SELECT
        *,
        count(*) FILTER (WHERE is_start) OVER (PARTITION BY patient_id ORDER BY day) AS pregnancy
    FROM starts_marked
),

spans AS (
    SELECT
        patient_id,
        pregnancy,
        min(day) AS start_date,
        min(day) FILTER (WHERE is_end) AS ended_on,
        arg_min(row_id, day) AS row_id
    FROM numbered
    WHERE pregnancy > 0
    GROUP BY patient_id, pregnancy
)

SELECT
    patient_id,
    start_date,
    least(
        start_date + cast($pregnancy_days AS INTEGER) - 1,
        ended_on,
        lead(start_date) OVER (PARTITION BY patient_id ORDER BY start_date) - 1
    ) AS end_date,
    row_id
FROM spans
