-- One prescription or clinic administration as a part of an exposure. An exposure is one course of one ingredient by one route
-- group (and for magnesium one product class) in one patient: what it covers, joined across gaps of at most $gap_days
-- uncovered days, between two inpatient orders of at most $inpatient_gap_days.
-- exposure_id: patient, ingredient, route group, product class and start date of the exposure, joined by |
-- stretch_no: number of the uninterrupted stretch of covered days within the exposure's series of stretches
-- place: number of the row in that series, by start date
-- feed: prescriptions or administrations
-- row_id: row of that feed
-- patient_id: patient
-- ingredient: ingredient
-- route_group: route group
-- product_class: for magnesium: supplement, laxative_antacid, bowel_prep or intravenous
-- start_date: first covered day
-- end_date: last covered day
-- added_days: days of it that nothing earlier in the exposure covers
-- daily_dose_mg: mg a day of the prescription; NULL when unknown and for administrations
-- elemental_daily_mg: mg of elemental magnesium a day; NULL when unknown and for other drugs
-- dose_is_range: whether the dose is the most of a range
-- as_needed: whether it is to be taken as needed
-- taper: whether its sig says that the dose is to be tapered
WITH
prescriptions AS (SELECT * FROM facts.prescriptions),

administrations AS (SELECT * FROM facts.administrations),

drug_sets AS (SELECT * FROM facts.drug_sets),

covering AS (
    SELECT
        'prescriptions' AS feed,
        row_id,
        patient_id,
        ingredient,
        route_group,
        product_class,
        start_date,
        end_date,
        inpatient,
        daily_dose_mg,
        elemental_daily_mg,
        dose_is_range,
        as_needed,
        taper
    FROM prescriptions
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
        FALSE AS inpatient,
        NULL AS daily_dose_mg,
        NULL AS elemental_daily_mg,
        FALSE AS dose_is_range,
        FALSE AS as_needed,
        FALSE AS taper
    FROM administrations
    WHERE ingredient IN (SELECT ingredient FROM drug_sets WHERE list IN ('iron_sucrose', 'albumin'))
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
        greatest(
            (end_date - DATE '1970-01-01') - greatest(coalesce(reach >> 1, -1000000), (start_date - DATE '1970-01-01') - 1), 0
        ) AS added_days,
        inpatient AND reach & 1 = 0 AS both_inpatient
    FROM followed
),

numbered AS (
    SELECT
        *,
        CAST(row_number() OVER series AS INTEGER) AS place,
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
    place,
    feed,
    row_id,
    patient_id,
    ingredient,
    route_group,
    product_class,
    start_date,
    end_date,
    CAST(added_days AS INTEGER) AS added_days,
    daily_dose_mg,
    elemental_daily_mg,
    dose_is_range,
    as_needed,
    taper
FROM numbered
