-- One uninterrupted stretch of covered days of an exposure: prescriptions that overlap or follow each other without an
-- uncovered day, taken together.
-- exposure_id: exposure, see facts.exposures
-- patient_id: patient
-- ingredient: ingredient
-- route_group: route group
-- product_class: for magnesium: supplement, laxative_antacid, bowel_prep or intravenous
-- start_date: first covered day
-- end_date: last covered day
WITH
members AS (SELECT * FROM facts.exposure_members)

SELECT
    exposure_id,
    any_value(patient_id) AS patient_id,
    any_value(ingredient) AS ingredient,
    any_value(route_group) AS route_group,
    any_value(product_class) AS product_class,
    min(start_date) AS start_date,
    max(end_date) AS end_date
FROM members
GROUP BY exposure_id, stretch_no
