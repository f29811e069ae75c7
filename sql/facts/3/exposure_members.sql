-- One prescription or clinic administration as a part of an exposure. An exposure is one course of one ingredient by one route
-- group (and for magnesium one product class) in one patient: what it covers, joined across gaps of at most $gap_days
-- uncovered days, between two inpatient orders of at most $inpatient_gap_days.
-- exposure_id: patient, ingredient, route group, product class and start date of the exposure, joined by |
-- stretch_no: number of the uninterrupted stretch of covered days within the exposure's series of stretches
-- feed: prescriptions or administrations
-- row_id: row of that feed
-- patient_id: patient
-- ingredient: ingredient
-- route_group: route group
-- product_class: for magnesium: supplement, laxative_antacid, bowel_prep or intravenous
-- start_date: first covered day
-- end_date: last covered day
WITH covering AS (
    SELECT
        'prescriptions' AS feed,
        row_id,
        patient_id,
        ingredient,
        route_group,
        product_class,
        start_date,
        end_date,
        inpatient
    FROM facts.prescriptions
    UNION ALL
    SELECT
        'administrations' AS feed,
        row_id,
        patient_id,
        ingredient,
        route_group,
        product_class,
        administered_on AS start_date,
        administered_on AS end_date,
        FALSE AS inpatient
    FROM facts.administrations
    WHERE ingredient IN (SELECT ingredient FROM facts.drug_sets WHERE list IN ('iron_sucrose_iv', 'albumin_human_iv'))
),

-- The order that reaches furthest so far, as one number: twice its last day, and one more if it is no inpatient order, so
-- that of two orders that end on the same day the outpatient one is the neighbour.
followed AS (
    SELECT
        *,
        max(2 * (end_date - DATE '1970-01-01') + CAST(NOT inpatient AS INTEGER)) OVER (
            PARTITION BY patient_id, ingredient, route_group, product_class
            ORDER BY start_date, inpatient, end_date, feed, row_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reach
    FROM covering
),

gaps AS (
    SELECT
        *,
        (start_date - DATE '1970-01-01') - (reach >> 1) - 1 AS uncovered_days,
        inpatient AND reach & 1 = 0 AS both_inpatient
    FROM followed
),

numbered AS (
    SELECT
        *,
        CAST(count(*) FILTER (WHERE reach IS NULL OR uncovered_days > 0) OVER series AS INTEGER) AS stretch_no,
        max(start_date) FILTER (
            WHERE reach IS NULL
            OR uncovered_days > CASE WHEN both_inpatient THEN $inpatient_gap_days ELSE $gap_days END
        ) OVER series AS exposure_start
    FROM gaps
    WINDOW series AS (
        PARTITION BY patient_id, ingredient, route_group, product_class
        ORDER BY start_date, inpatient, end_date, feed, row_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
)

SELECT
    concat_ws('|', patient_id, ingredient, route_group, coalesce(product_class, ''), exposure_start) AS exposure_id,
    stretch_no,
    feed,
    row_id,
    patient_id,
    ingredient,
    route_group,
    product_class,
    start_date,
    end_date
FROM numbered
