-- One row per result of a test that the audit uses, in the analyte's own unit.
-- A result without a number, with a unit that the analyte does not have, or outside the plausible range is not here.
-- Which test a result is of has been settled when it was loaded (sql/extracts/labs.sql).
-- A view: it is read once, and a copy would only cost time.
-- row_id: lab_id of the extract
-- patient_id: whose result it is
-- analyte: name of the laboratory list, such as creatinine
-- collected_at: when the sample was taken
-- collected_on: date on which the sample was taken
-- value: the number in the analyte's canonical unit
-- unit: canonical unit of the analyte (UCUM)
-- comparator: <, <=, > or >= when the laboratory gave only a limit, else NULL
-- own_value: the number as sent, in own_unit
-- own_unit: unit as sent, in UCUM spelling
-- value_as_sent: the value as sent
-- unit_as_sent: the unit as sent
-- name: test name as sent, else the analyte
-- status: final, corrected, preliminary, cancelled or entered-in-error; NULL when not sent
-- reference_low: lower reference limit as sent
-- reference_high: upper reference limit as sent
-- file: file of the extract
-- line: line of the file
WITH
labs AS NOT MATERIALIZED (
    SELECT * FROM extracts.labs
    WHERE analyte IS NOT NULL
),

lab_units AS (
    SELECT
        analyte,
        unit,
        ucum,
        canonical_unit,
        cast(factor AS DOUBLE) AS factor,
        cast(low AS DOUBLE) AS low,
        cast(high AS DOUBLE) AS high
    FROM codelists.lab_units
),

-- The spelling of a unit is made plain once, not in every row.
sent_units AS (
    SELECT
        analyte,
        unit
    FROM labs
    GROUP BY analyte, unit
),

known_units AS (
    SELECT
        s.unit AS sent,
        u.*
    FROM sent_units AS s
    JOIN lab_units AS u ON s.analyte = u.analyte AND plain_unit(coalesce(s.unit, '')) = u.unit
)

SELECT
    l.lab_id AS row_id,
    l.patient_id,
    l.analyte,
    l.collected_at,
    cast(l.collected_at AS DATE) AS collected_on,
    -- Rounded, or 0.1 x 3 would not be 0.3.
    round(l.value_number * u.factor, 9) AS value,
    u.canonical_unit AS unit,
    l.comparator,
    l.value_number AS own_value,
    u.ucum AS own_unit,
    l.value AS value_as_sent,
    l.unit AS unit_as_sent,
    coalesce(l.test_name, l.analyte) AS name,
    l.status,
    l.reference_low,
    l.reference_high,
    l.file,
    l.line
FROM labs AS l
JOIN known_units AS u ON l.analyte = u.analyte AND l.unit IS NOT DISTINCT FROM u.sent
WHERE l.value_number * u.factor BETWEEN u.low AND u.high
