-- One exposure: one course of one ingredient by one route group (and for magnesium one product class) in one patient.
-- exposure_id: patient, ingredient, route group, product class and start date, joined by |; the same in every run
-- patient_id: patient
-- ingredient: ingredient
-- route_group: oral, injectable, intrathecal, topical, vaginal, ophthalmic, other, or unknown
-- product_class: for magnesium: supplement, laxative_antacid, bowel_prep or intravenous
-- start_date: first covered day
-- end_date: last covered day
-- length_days: days from the first to the last, joined gaps included
-- covered_days: days of them that are covered
-- newness: `new` when nothing of the same ingredient and route group covered any of the $new_days days before it and the
--   patient had been seen that long; `not new`; `unknown` when the patient had not been seen that long, or when the same
--   ingredient was given by an unknown route
-- prn_only: whether every prescription of it is as needed
-- explicit_stop: whether the prescription that covers its last day was stopped, with an end date
-- taper: whether a sig of it says that the dose is to be tapered
-- from_administrations: whether recorded administrations are part of it
-- prescription_ids: its prescriptions, sorted
-- administration_ids: its administrations, sorted
-- first_prescription_id: prescription that it starts with
-- last_prescription_id: prescription that covers its last day
-- prescriber_id: prescriber of the last prescription
-- facility_id: facility of the last prescription
-- first_drug_name: name of the drug in the first prescription
WITH
members AS (SELECT * FROM facts.exposure_members),

prescriptions AS (SELECT * FROM facts.prescriptions),

people AS (SELECT * FROM facts.people),

-- Most courses are one prescription: they need no gathering.
several AS (
    SELECT exposure_id
    FROM members
    GROUP BY exposure_id
    HAVING count(*) > 1
),

single AS (
    SELECT
        exposure_id,
        patient_id,
        ingredient,
        route_group,
        product_class,
        start_date,
        end_date,
        added_days AS covered_days,
        as_needed AS prn_only,
        taper,
        feed = 'administrations' AS from_administrations,
        CASE WHEN feed = 'prescriptions' THEN [row_id] ELSE [] END AS prescription_ids,
        CASE WHEN feed = 'administrations' THEN [row_id] ELSE [] END AS administration_ids,
        CASE WHEN feed = 'prescriptions' THEN row_id END AS first_prescription_id,
        CASE WHEN feed = 'prescriptions' THEN row_id END AS last_prescription_id
    FROM members
    WHERE exposure_id NOT IN (SELECT exposure_id FROM several)
),

gathered AS (
    SELECT
        exposure_id,
        any_value(patient_id) AS patient_id,
        any_value(ingredient) AS ingredient,
        any_value(route_group) AS route_group,
        any_value(product_class) AS product_class,
        min(start_date) AS start_date,
        max(end_date) AS end_date,
        CAST(sum(added_days) AS INTEGER) AS covered_days,
        bool_and(as_needed) AS prn_only,
        bool_or(taper) AS taper,
        bool_or(feed = 'administrations') AS from_administrations,
        coalesce(list(row_id ORDER BY row_id) FILTER (WHERE feed = 'prescriptions'), []) AS prescription_ids,
        coalesce(list(row_id ORDER BY row_id) FILTER (WHERE feed = 'administrations'), []) AS administration_ids,
        arg_min(row_id, place) FILTER (WHERE feed = 'prescriptions') AS first_prescription_id,
        -- By the last day, and of those that end together by the place.
        arg_max(row_id, CAST(end_date - DATE '1970-01-01' AS BIGINT) * 4294967296 + place)
        FILTER (WHERE feed = 'prescriptions') AS last_prescription_id
    FROM members
    WHERE exposure_id IN (SELECT exposure_id FROM several)
    GROUP BY exposure_id
),

courses AS (
    SELECT * FROM single
    UNION ALL BY NAME
    SELECT * FROM gathered
),

-- What went before, by the start of the exposure: exposures that start on the same day are no predecessors.
preceded AS (
    SELECT
        *,
        max(end_date) OVER (
            PARTITION BY patient_id, ingredient, route_group
            ORDER BY start_date
            GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS last_covered
    FROM courses
),

unknown_routes AS (
    SELECT patient_id, ingredient, list({'first_day': start_date, 'last_day': end_date}) AS covered
    FROM members
    WHERE route_group = 'unknown'
    GROUP BY patient_id, ingredient
)

SELECT
    e.exposure_id,
    e.patient_id,
    e.ingredient,
    e.route_group,
    e.product_class,
    e.start_date,
    e.end_date,
    CAST(e.end_date - e.start_date + 1 AS INTEGER) AS length_days,
    e.covered_days,
    CASE
        WHEN e.last_covered >= e.start_date - $new_days THEN 'not new'
        WHEN len(
                list_filter(
                    u.covered,
                    lambda days: days.first_day < e.start_date AND days.last_day >= e.start_date - $new_days
                )
            ) > 0 THEN 'unknown'
        WHEN p.first_seen <= e.start_date - $new_days THEN 'new'
        ELSE 'unknown'
    END AS newness,
    e.prn_only,
    coalesce(l.explicit_stop AND l.end_date = e.end_date, FALSE) AS explicit_stop,
    e.taper,
    e.from_administrations,
    e.prescription_ids,
    e.administration_ids,
    e.first_prescription_id,
    e.last_prescription_id,
    l.prescriber_id,
    l.facility_id,
    f.drug_name AS first_drug_name
FROM preceded AS e
LEFT JOIN prescriptions AS f ON e.first_prescription_id = f.row_id AND e.ingredient = f.ingredient
LEFT JOIN prescriptions AS l ON e.last_prescription_id = l.row_id AND e.ingredient = l.ingredient
LEFT JOIN unknown_routes AS u ON e.patient_id = u.patient_id AND e.ingredient = u.ingredient
LEFT JOIN people AS p ON e.patient_id = p.patient_id
