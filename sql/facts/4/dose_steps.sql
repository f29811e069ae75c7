-- One step of an exposure: a stretch of days, as long as can be, with one daily dose. Prescriptions that run side by side add
-- up; one that starts when at most $renewal_days covered days of an earlier one are left, its own first day counted, replaces
-- the earlier one from that day on. The dose holds on across a joined gap, so that the steps follow each other from the first
-- to the last day of the exposure. Exposures with clinic administrations have no steps.
-- exposure_id: exposure, see facts.exposures
-- patient_id: patient
-- ingredient: ingredient
-- route_group: route group
-- step_no: 1, 2, 3 ... in the order of time
-- start_date: first day
-- end_date: last day
-- daily_dose_mg: mg a day, as labelled; NULL when the dose of any prescription in force is unknown
-- fixed_daily_mg: mg a day of it that is not as needed, the least of its days; NULL when daily_dose_mg is
-- elemental_daily_mg: mg of elemental magnesium a day; NULL when unknown and for other drugs
-- as_needed: whether on every day of the step some prescription in force was to be taken as needed
-- is_range: whether on every day of the step the dose was the most of a range
WITH
members AS (
    SELECT * FROM facts.exposure_members
    WHERE list_contains($dosed_ingredients, ingredient)
),

exposures AS (
    SELECT
        exposure_id,
        any_value(patient_id) AS patient_id,
        any_value(ingredient) AS ingredient,
        any_value(route_group) AS route_group,
        max(end_date) AS end_date,
        count(*) AS number
    FROM members
    GROUP BY exposure_id
    HAVING bool_and(feed = 'prescriptions')
),

-- Most exposures are one prescription, and so one step.
prescribed AS (
    SELECT m.*
    FROM members AS m
    JOIN exposures AS e USING (exposure_id)
    WHERE e.number > 1
),

renewals AS (
    SELECT e.exposure_id, e.row_id, min(r.start_date) AS renewed_on
    FROM prescribed AS e
    JOIN prescribed AS r
        ON e.exposure_id = r.exposure_id
            AND r.start_date > e.start_date
            AND r.start_date BETWEEN e.end_date - $renewal_days + 1 AND e.end_date
    GROUP BY e.exposure_id, e.row_id
),

in_force AS (
    SELECT p.*, coalesce(r.renewed_on - 1, p.end_date) AS last_day
    FROM prescribed AS p
    LEFT JOIN renewals AS r USING (exposure_id, row_id)
),

changes AS (
    SELECT
        exposure_id,
        start_date AS day,
        1 AS number,
        coalesce(daily_dose_mg, 0) AS dose,
        CASE WHEN as_needed THEN 0 ELSE coalesce(daily_dose_mg, 0) END AS fixed,
        coalesce(elemental_daily_mg, 0) AS elemental,
        CAST(daily_dose_mg IS NULL AS INTEGER) AS without_dose,
        CAST(elemental_daily_mg IS NULL AS INTEGER) AS without_elemental,
        CAST(as_needed AS INTEGER) AS as_needed,
        CAST(dose_is_range AS INTEGER) AS ranges
    FROM in_force
    UNION ALL
    SELECT
        exposure_id,
        last_day + 1 AS day,
        -1 AS number,
        -coalesce(daily_dose_mg, 0) AS dose,
        CASE WHEN as_needed THEN 0 ELSE -coalesce(daily_dose_mg, 0) END AS fixed,
        -coalesce(elemental_daily_mg, 0) AS elemental,
        -CAST(daily_dose_mg IS NULL AS INTEGER) AS without_dose,
        -CAST(elemental_daily_mg IS NULL AS INTEGER) AS without_elemental,
        -CAST(as_needed AS INTEGER) AS as_needed,
        -CAST(dose_is_range AS INTEGER) AS ranges
    FROM in_force
),

days AS (
    SELECT
        exposure_id,
        day,
        sum(number) AS number,
        sum(dose) AS dose,
        sum(fixed) AS fixed,
        sum(elemental) AS elemental,
        sum(without_dose) AS without_dose,
        sum(without_elemental) AS without_elemental,
        sum(as_needed) AS as_needed,
        sum(ranges) AS ranges
    FROM changes
    GROUP BY exposure_id, day
),

-- Sums of numbers that come and go leave crumbs behind the comma: they are swept off at the fourth place.
running AS (
    SELECT
        exposure_id,
        day,
        sum(number) OVER up_to_day AS number,
        CASE WHEN sum(without_dose) OVER up_to_day = 0 THEN round(sum(dose) OVER up_to_day, 4) END AS daily_dose_mg,
        CASE WHEN sum(without_dose) OVER up_to_day = 0 THEN round(sum(fixed) OVER up_to_day, 4) END AS fixed_daily_mg,
        CASE
            WHEN sum(without_elemental) OVER up_to_day = 0 THEN round(sum(elemental) OVER up_to_day, 4)
        END AS elemental_daily_mg,
        sum(as_needed) OVER up_to_day > 0 AS as_needed,
        sum(ranges) OVER up_to_day > 0 AS is_range
    FROM days
    WINDOW up_to_day AS (PARTITION BY exposure_id ORDER BY day ROWS UNBOUNDED PRECEDING)
),

followed AS (
    SELECT
        *,
        row_number() OVER in_time AS place,
        lag(daily_dose_mg) OVER in_time AS last_dose,
        lag(elemental_daily_mg) OVER in_time AS last_elemental
    FROM running
    WHERE number > 0
    WINDOW in_time AS (PARTITION BY exposure_id ORDER BY day)
),

-- An unknown dose compares as -1.
compared AS (
    SELECT
        *,
        place = 1
        OR coalesce(daily_dose_mg, -1) != coalesce(last_dose, -1)
        OR coalesce(elemental_daily_mg, -1) != coalesce(last_elemental, -1) AS starts_step
    FROM followed
),

numbered AS (
    SELECT
        *,
        CAST(count(*) FILTER (WHERE starts_step) OVER (
            PARTITION BY exposure_id ORDER BY day ROWS UNBOUNDED PRECEDING
        ) AS INTEGER) AS step_no
    FROM compared
),

steps AS (
    SELECT
        exposure_id,
        step_no,
        min(day) AS start_date,
        any_value(daily_dose_mg) AS daily_dose_mg,
        min(fixed_daily_mg) AS fixed_daily_mg,
        any_value(elemental_daily_mg) AS elemental_daily_mg,
        bool_and(as_needed) AS as_needed,
        bool_and(is_range) AS is_range
    FROM numbered
    GROUP BY exposure_id, step_no
)

SELECT
    s.exposure_id,
    e.patient_id,
    e.ingredient,
    e.route_group,
    s.step_no,
    s.start_date,
    coalesce(lead(s.start_date) OVER (PARTITION BY s.exposure_id ORDER BY s.step_no) - 1, e.end_date) AS end_date,
    s.daily_dose_mg,
    s.fixed_daily_mg,
    s.elemental_daily_mg,
    s.as_needed,
    s.is_range
FROM steps AS s
JOIN exposures AS e USING (exposure_id)
UNION ALL
SELECT
    m.exposure_id,
    m.patient_id,
    m.ingredient,
    m.route_group,
    1 AS step_no,
    m.start_date,
    m.end_date,
    round(m.daily_dose_mg, 4) AS daily_dose_mg,
    CASE WHEN m.as_needed THEN m.daily_dose_mg * 0 ELSE round(m.daily_dose_mg, 4) END AS fixed_daily_mg,
    round(m.elemental_daily_mg, 4) AS elemental_daily_mg,
    m.as_needed,
    m.dose_is_range AS is_range
FROM members AS m
JOIN exposures AS e USING (exposure_id)
WHERE e.number = 1
