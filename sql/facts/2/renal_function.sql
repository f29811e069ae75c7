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

days AS (
    SELECT
        patient_id,
        collected_on AS day,
        count(*) AS results,
        min(value) FILTER (WHERE analyte = 'creatinine' AND coalesce(comparator, '<') IN ('<', '<=')) AS lowest,
        max(value) FILTER (WHERE analyte = 'creatinine' AND coalesce(comparator, '>') IN ('>', '>=')) AS highest
    FROM labs
    GROUP BY patient_id, day
),

followed_days AS (
    SELECT
        *,
        min(lowest) OVER (
            PARTITION BY patient_id
            ORDER BY day - DATE '2000-01-01'
            RANGE BETWEEN $unstable_days PRECEDING AND 1 PRECEDING
        ) AS lowest_before
    FROM days
),

-- Most days have one result: there is nothing to choose.
busy_days AS (
    SELECT
        patient_id,
        day,
        lowest_before
    FROM followed_days
    WHERE results > 1
),

creatinines AS (
    SELECT
        l.patient_id,
        b.day,
        l.collected_at,
        l.row_id,
        l.value,
        l.comparator,
        least(
            b.lowest_before,
            min(l.value) FILTER (WHERE coalesce(l.comparator, '<') IN ('<', '<=')) OVER (
                PARTITION BY l.patient_id, l.collected_on ORDER BY l.collected_at, l.row_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            )
        ) AS lowest_before
    FROM labs AS l
    JOIN busy_days AS b ON l.patient_id = b.patient_id AND l.collected_on = b.day
    WHERE l.analyte = 'creatinine'
),

unstable_days AS (
    SELECT
        patient_id,
        day
    FROM followed_days
    -- A hair's breadth for the rounding of converted units.
    WHERE results = 1 AND highest >= $unstable_ratio * lowest_before - 1e-9
    UNION
    SELECT
        patient_id,
        day
    FROM creatinines
    WHERE value >= $unstable_ratio * lowest_before - 1e-9 AND coalesce(comparator, '>') IN ('>', '>=')
),

derived AS (
    SELECT
        l.*,
        egfr_ckd_epi_2021(l.value, age_on(p.birth_date, l.collected_on), p.sex) AS egfr,
        -- Less creatinine is more filtration.
        translate(l.comparator, '<>', '><') AS egfr_comparator
    FROM labs AS l
    JOIN people AS p USING (patient_id)
    WHERE l.analyte = 'creatinine'
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
        collected_on AS day,
        collected_at,
        row_id,
        file,
        line,
        'derived' AS origin,
        egfr,
        egfr_comparator AS comparator,
        printf('%s%.1f', coalesce(egfr_comparator, ''), egfr) AS shown,
        value AS creatinine_mg_dl
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

last_creatinines AS (
    SELECT
        patient_id,
        day,
        arg_max(value, (collected_at, row_id)) AS creatinine_mg_dl
    FROM creatinines
    GROUP BY patient_id, day
),

chosen AS (
    SELECT *
    FROM usable
    ANTI JOIN busy_days USING (patient_id, day)
    UNION ALL BY NAME
    SELECT
        u.* REPLACE (c.creatinine_mg_dl AS creatinine_mg_dl)
    FROM usable AS u
    SEMI JOIN busy_days USING (patient_id, day)
    LEFT JOIN last_creatinines AS c USING (patient_id, day)
    QUALIFY
        row_number() OVER (
            PARTITION BY u.patient_id, u.day
            ORDER BY u.origin DESC, u.collected_at DESC, u.row_id DESC
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
    e.creatinine_mg_dl,
    d.day IS NOT NULL AS unstable,
    e.row_id,
    e.file,
    e.line
FROM chosen AS e
LEFT JOIN unstable_days AS d USING (patient_id, day)
