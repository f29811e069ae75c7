-- Courses of a drug that causes cramps, each with the first cramp on record that came after it.
WITH
courses AS (
    SELECT * FROM facts.exposures
    WHERE
        start_date <= $horizon
        AND (
            ingredient IN ('iron sucrose', 'raloxifene', 'teriparatide')
            OR (ingredient = 'conjugated estrogens' AND route_group = 'oral')
            OR (ingredient = 'naproxen' AND route_group NOT IN ('topical', 'ophthalmic'))
        )
),

orders AS (SELECT * FROM facts.prescriptions WHERE ingredient = 'iron sucrose' AND start_date <= $horizon),

infusions AS (SELECT * FROM facts.administrations WHERE administered_on <= $horizon),

cramps AS (SELECT * FROM facts.cramp_evidence WHERE tier IN ('A', 'B') AND day <= $horizon),

cramp_days AS (SELECT DISTINCT patient_id, day FROM cramps),

first_cramps AS (
    SELECT *
    FROM cramp_days
    QUALIFY coalesce(day - lag(day) OVER (PARTITION BY patient_id ORDER BY day) > $cramp_free_days, TRUE)
),

given_ids AS (
    SELECT exposure_id, unnest(administration_ids) AS row_id
    FROM courses
),

ordered_ids AS (
    SELECT exposure_id, unnest(prescription_ids) AS row_id
    FROM courses
    WHERE ingredient = 'iron sucrose' AND NOT from_administrations
),

doses AS (
    SELECT g.exposure_id, i.administered_on AS day, 'given on' AS told
    FROM given_ids AS g
    JOIN infusions AS i USING (row_id)
    UNION
    SELECT d.exposure_id, o.start_date, 'ordered for'
    FROM ordered_ids AS d
    JOIN orders AS o USING (row_id)
),

-- One window for a drug taken every day, one a dose for iron sucrose.
windows AS (
    SELECT
        exposure_id,
        start_date AS since,
        start_date + 1 AS window_from,
        least(start_date + $window_days, end_date) AS window_to,
        'started on' AS told
    FROM courses
    WHERE ingredient <> 'iron sucrose'
    UNION ALL
    SELECT
        c.exposure_id,
        d.day,
        greatest(d.day, c.start_date + 1),
        d.day + $dose_window_days,
        d.told
    FROM courses AS c
    JOIN doses AS d USING (exposure_id)
),

last_days AS (
    SELECT exposure_id, max(window_to) AS window_to
    FROM windows
    GROUP BY exposure_id
),

cramps_after AS (
    SELECT
        w.exposure_id,
        c.patient_id,
        f.day,
        w.since,
        w.told,
        f.day - w.since AS days_after
    FROM windows AS w
    JOIN courses AS c USING (exposure_id)
    JOIN first_cramps AS f
        ON c.patient_id = f.patient_id
            AND f.day BETWEEN w.window_from AND w.window_to
    QUALIFY row_number() OVER (PARTITION BY w.exposure_id ORDER BY f.day, w.since DESC) = 1
),

told_cramps AS (
    SELECT
        a.exposure_id,
        arg_min(e.because, (e.tier, e.feed, e.row_id)) AS because,
        list(source_row(e.feed, e.row_id) ORDER BY e.row_id) AS sources
    FROM cramps_after AS a
    JOIN cramps AS e USING (patient_id, day)
    GROUP BY a.exposure_id
),

judged AS (
    SELECT
        c.*,
        a.* EXCLUDE (exposure_id, patient_id),
        t.because,
        t.sources,
        coalesce(c.first_drug_name, c.ingredient) AS drug_name,
        CASE
            WHEN a.exposure_id IS NOT NULL THEN 'finding'
            WHEN l.window_to IS NULL OR $horizon < l.window_to THEN 'pending'
            ELSE 'clear'
        END AS outcome
    FROM courses AS c
    LEFT JOIN last_days AS l USING (exposure_id)
    LEFT JOIN cramps_after AS a USING (exposure_id)
    LEFT JOIN told_cramps AS t USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    coalesce(day, start_date) AS index_date,
    outcome,
    'low' AS severity,
    CASE outcome
        WHEN 'finding' THEN 'first cramp record after a drug that causes cramps'
        WHEN 'pending' THEN 'the window is not over'
        ELSE 'no first cramp record in the window'
    END AS reason,
    end_date AS active_until,
    list_distinct(list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        list_transform(administration_ids, lambda id: source_row('administrations', id)),
        coalesce(sources, [])
    )) AS sources,
    ingredient AS drug,
    drug_name,
    start_date,
    end_date,
    because,
    days_after,
    if(
        outcome = 'finding',
        concat(
            CASE days_after
                WHEN 0 THEN 'on the day of '
                WHEN 1 THEN '1 day after '
                ELSE concat(days_after, ' days after ')
            END,
            if(told = 'started on', concat(drug_name, ' was '), concat('a dose of ', drug_name, ' ')),
            told, ' ', since
        ),
        ''
    ) AS when_told
FROM judged
