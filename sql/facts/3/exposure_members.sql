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
-- covered_until: last day that anything earlier in the series covers; NULL for the first row of the series
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
        CAST(row_number() OVER earlier AS INTEGER) AS place,
        max(2 * (end_date - DATE '1970-01-01') + CAST(NOT inpatient AS INTEGER)) OVER earlier AS reach
    FROM covering
    WINDOW earlier AS (
        PARTITION BY patient_id, ingredient, route_group, product_class
        ORDER BY start_date, inpatient, end_date, feed, row_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),

gaps AS (
    SELECT
        *,
        DATE '1970-01-01' + CAST(reach >> 1 AS INTEGER) AS covered_until,
        start_date - covered_until - 1 AS uncovered_days,
        reach IS NULL OR uncovered_days > 0 AS starts_stretch,
        reach IS NULL OR uncovered_days > CASE
            WHEN inpatient AND reach & 1 = 0 THEN $inpatient_gap_days ELSE $gap_days
        END AS starts_exposure
    FROM followed
),

-- Where no order follows another within the gap, each is an exposure of its own, and there is nothing to number.
joined_series AS (
    SELECT DISTINCT patient_id, ingredient
    FROM gaps
    WHERE NOT (starts_stretch AND starts_exposure)
),

numbered AS (
    SELECT
        *,
        place AS stretch_no,
        start_date AS exposure_start
    FROM gaps
    ANTI JOIN joined_series USING (patient_id, ingredient)
    UNION ALL
    SELECT
        *,
        CAST(count(*) FILTER (WHERE starts_stretch) OVER series AS INTEGER) AS stretch_no,
        max(start_date) FILTER (WHERE starts_exposure) OVER series AS exposure_start
    FROM gaps
    SEMI JOIN joined_series USING (patient_id, ingredient)
    WINDOW series AS (
        PARTITION BY patient_id, ingredient, route_group, product_class
        ORDER BY place
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
    covered_until,
    CAST(greatest(end_date - greatest(covered_until, start_date - 1), 0) AS INTEGER) AS added_days,
    daily_dose_mg,
    elemental_daily_mg,
    dose_is_range,
    as_needed,
    taper
FROM numbered
