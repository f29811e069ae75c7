-- One row per patient and day with a usable renal function: the reported eGFR if there is one, else the CKD-EPI 2021
-- value from serum creatinine (adults of sex female or male); of several in a day the last. A limit such as `>60` is
-- usable only when everything it may mean lies in one of the bands below 15, 15-29, 30-44, 45-59 and 60 or more: so
-- are `>60` (at least 60), `>59` (at least 60, in whole numbers) and `<15`; not so are `<60` and `>45`, and such a day
-- falls back on its creatinine.
-- patient_id: whose renal function it is
-- day: date of the sample
-- egfr: mL/min/1.73 m2, to be compared with 15, 30, 45 and 60; of a limit a number inside its range (`>60`: 60,
--     `<15`: 14.9)
-- comparator: NULL for a number; >= or > when egfr is only a lower limit, < or <= when the true value is below
-- shown: the value for a reader: as sent when reported, with one decimal when derived
-- origin: reported or derived
-- creatinine_mg_dl: the day's last creatinine, mg/dL, NULL when there is none
-- unstable: whether a creatinine of the day is at least 1.5 times an earlier one of the last 7 days
-- row_id: lab_id of the result that egfr rests on
-- file: file of the extract
-- line: line of the file
WITH
labs AS (
    SELECT * FROM facts.labs
    WHERE analyte IN ('egfr', 'creatinine')
),

people AS (SELECT * FROM facts.people),

creatinines AS (
    SELECT
        patient_id,
        collected_on AS day,
        collected_at,
        row_id,
        file,
        line,
        value,
        comparator,
        least(
            min(value) FILTER (WHERE coalesce(comparator, '<') IN ('<', '<=')) OVER previous_days,
            min(value) FILTER (WHERE coalesce(comparator, '<') IN ('<', '<=')) OVER earlier_that_day
        ) AS lowest_before
    FROM labs
    WHERE analyte = 'creatinine'
    WINDOW
        previous_days AS (
            PARTITION BY patient_id ORDER BY collected_on - DATE '2000-01-01'
            RANGE BETWEEN $unstable_days PRECEDING AND 1 PRECEDING
        ),
        earlier_that_day AS (
            PARTITION BY patient_id, collected_on ORDER BY collected_at, row_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
),

creatinine_days AS (
    SELECT
        patient_id,
        day,
        arg_max(value, (collected_at, row_id)) AS creatinine_mg_dl,
        -- A hair's breadth for the rounding of converted units.
        bool_or(
            value >= $unstable_ratio * lowest_before - 1e-9
            AND coalesce(comparator, '>') IN ('>', '>=')
        ) AS unstable
    FROM creatinines
    GROUP BY patient_id, day
),

derived AS (
    SELECT
        c.*,
        egfr_ckd_epi_2021(c.value, age_on(p.birth_date, c.day), p.sex) AS egfr,
        -- Less creatinine is more filtration.
        translate(c.comparator, '<>', '><') AS egfr_comparator
    FROM creatinines AS c
    JOIN people AS p USING (patient_id)
),

estimates AS (
    SELECT
        patient_id,
        collected_on AS day,
        collected_at,
        row_id,
        file,
        line,
        'reported' AS origin,
        value AS egfr,
        comparator,
        value_as_sent AS shown
    FROM labs
    WHERE analyte = 'egfr'
    UNION ALL BY NAME
    SELECT
        patient_id,
        day,
        collected_at,
        row_id,
        file,
        line,
        'derived' AS origin,
        egfr,
        egfr_comparator AS comparator,
        printf('%s%.1f', coalesce(egfr_comparator, ''), egfr) AS shown
    FROM derived
    WHERE egfr IS NOT NULL
),

ranges AS (
    SELECT
        *,
        CASE
            WHEN comparator = '>' AND egfr + 1 IN (15, 30, 45, 60) THEN egfr + 1
            WHEN comparator IN ('<', '<=') THEN 0
            ELSE egfr
        END AS at_least,
        CASE
            WHEN comparator = '<=' THEN floor(egfr) + 1
            WHEN comparator IN ('>', '>=') THEN 1000
            ELSE egfr
        END AS below
    FROM estimates
),

usable AS (
    SELECT *
    FROM ranges
    WHERE
        comparator IS NULL
        OR NOT list_bool_or([at_least < band AND below > band FOR band IN [15, 30, 45, 60]])
),

chosen AS (
    SELECT *
    FROM usable
    QUALIFY
        row_number() OVER (
            PARTITION BY patient_id, day
            ORDER BY origin DESC, collected_at DESC, row_id DESC
        ) = 1
)

SELECT
    patient_id,
    day,
    CASE
        WHEN e.comparator = '<' THEN e.egfr - 0.1
        WHEN e.comparator IN ('>', '>=') THEN e.at_least
        ELSE e.egfr
    END AS egfr,
    if(e.at_least > e.egfr, '>=', e.comparator) AS comparator,
    e.shown,
    e.origin,
    c.creatinine_mg_dl,
    coalesce(c.unstable, FALSE) AS unstable,
    e.row_id,
    e.file,
    e.line
FROM chosen AS e
LEFT JOIN creatinine_days AS c USING (patient_id, day)
