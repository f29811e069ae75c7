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
--   ingredient was given by an unknown route, or by any route before a course of which the route is unknown
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
        m.exposure_id,
        m.patient_id,
        m.ingredient,
        m.route_group,
        m.product_class,
        m.start_date,
        m.end_date,
        m.covered_until,
        m.added_days AS covered_days,
        m.as_needed AS prn_only,
        m.taper,
        m.feed = 'administrations' AS from_administrations,
        CASE WHEN m.feed = 'prescriptions' THEN [m.row_id] ELSE [] END AS prescription_ids,
        CASE WHEN m.feed = 'administrations' THEN [m.row_id] ELSE [] END AS administration_ids,
        p.row_id AS first_prescription_id,
        p.row_id AS last_prescription_id,
        p.drug_name AS first_drug_name,
        coalesce(p.explicit_stop, FALSE) AS explicit_stop,
        p.prescriber_id,
        p.facility_id
    FROM members AS m
    LEFT JOIN prescriptions AS p ON m.row_id = p.row_id AND m.ingredient = p.ingredient AND m.feed = 'prescriptions'
    WHERE m.exposure_id NOT IN (SELECT exposure_id FROM several)
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
        arg_min_null(covered_until, place) AS covered_until,
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
    SELECT
        g.*,
        f.drug_name AS first_drug_name,
        coalesce(l.explicit_stop AND l.end_date = g.end_date, FALSE) AS explicit_stop,
        l.prescriber_id,
        l.facility_id
    FROM gathered AS g
    LEFT JOIN prescriptions AS f ON g.first_prescription_id = f.row_id AND g.ingredient = f.ingredient
    LEFT JOIN prescriptions AS l ON g.last_prescription_id = l.row_id AND g.ingredient = l.ingredient
),

-- Courses of another product class went before as well. Those that start on the same day are no predecessors.
classed AS (
    SELECT
        exposure_id,
        max(max(end_date)) OVER (
            PARTITION BY patient_id, ingredient, route_group
            ORDER BY min(start_date)
            GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS covered_until
    FROM members
    WHERE ingredient = 'magnesium'
    GROUP BY exposure_id, patient_id, ingredient, route_group
),

unknown_routes AS (
    SELECT DISTINCT patient_id, ingredient
    FROM members
    WHERE route_group = 'unknown'
),

-- What may have been the same course, whatever its route.
doubtful AS (
    SELECT
        m.patient_id,
        m.ingredient,
        list({'first_day': m.start_date, 'last_day': m.end_date}) AS covered,
        list({'first_day': m.start_date, 'last_day': m.end_date}) FILTER (WHERE m.route_group = 'unknown') AS covered_by_unknown
    FROM members AS m
    SEMI JOIN unknown_routes AS u ON m.patient_id = u.patient_id AND m.ingredient = u.ingredient
    GROUP BY m.patient_id, m.ingredient
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
        WHEN coalesce(c.covered_until, e.covered_until) >= e.start_date - $new_days THEN 'not new'
        WHEN len(
                list_filter(
                    CASE WHEN e.route_group = 'unknown' THEN u.covered ELSE u.covered_by_unknown END,
                    lambda days: days.first_day < e.start_date AND days.last_day >= e.start_date - $new_days
                )
            ) > 0 THEN 'unknown'
        WHEN p.first_seen <= e.start_date - $new_days THEN 'new'
        ELSE 'unknown'
    END AS newness,
    e.prn_only,
    e.explicit_stop,
    e.taper,
    e.from_administrations,
    e.prescription_ids,
    e.administration_ids,
    e.first_prescription_id,
    e.last_prescription_id,
    e.prescriber_id,
    e.facility_id,
    e.first_drug_name
FROM courses AS e
LEFT JOIN classed AS c ON e.exposure_id = c.exposure_id
LEFT JOIN doubtful AS u ON e.patient_id = u.patient_id AND e.ingredient = u.ingredient
LEFT JOIN people AS p ON e.patient_id = p.patient_id
-- Rules read the courses of a few ingredients: where these stand together, the rest is passed over.
ORDER BY e.ingredient
