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
WITH members AS (
    SELECT * FROM facts.exposure_members
),

prescriptions AS (
    SELECT * FROM facts.prescriptions
),

described AS (
    SELECT
        m.*,
        p.as_needed,
        p.explicit_stop,
        p.taper,
        p.prescriber_id,
        p.facility_id,
        p.drug_name
    FROM members AS m
    LEFT JOIN prescriptions AS p
        ON m.feed = 'prescriptions' AND m.row_id = p.row_id AND m.ingredient = p.ingredient
),

stretches AS (
    SELECT exposure_id, stretch_no, max(end_date) - min(start_date) + 1 AS days
    FROM members
    GROUP BY exposure_id, stretch_no
),

covered AS (
    SELECT exposure_id, CAST(sum(days) AS INTEGER) AS covered_days
    FROM stretches
    GROUP BY exposure_id
),

courses AS (
    SELECT
        exposure_id,
        any_value(patient_id) AS patient_id,
        any_value(ingredient) AS ingredient,
        any_value(route_group) AS route_group,
        any_value(product_class) AS product_class,
        min(start_date) AS start_date,
        max(end_date) AS end_date,
        coalesce(bool_and(as_needed) FILTER (WHERE feed = 'prescriptions'), FALSE)
        AND count(*) FILTER (WHERE feed = 'administrations') = 0 AS prn_only,
        bool_or(coalesce(taper, FALSE)) AS taper,
        count(*) FILTER (WHERE feed = 'administrations') > 0 AS from_administrations,
        coalesce(list(DISTINCT row_id ORDER BY row_id) FILTER (WHERE feed = 'prescriptions'), []) AS prescription_ids,
        coalesce(list(DISTINCT row_id ORDER BY row_id) FILTER (WHERE feed = 'administrations'), []) AS administration_ids,
        arg_max(
            {
                'row_id': row_id,
                'explicit_stop': explicit_stop,
                'prescriber_id': prescriber_id,
                'facility_id': facility_id
            },
            (end_date, start_date, row_id)
        ) FILTER (WHERE feed = 'prescriptions') AS last_one,
        arg_min({'row_id': row_id, 'drug_name': drug_name}, (start_date, end_date, row_id))
            FILTER (WHERE feed = 'prescriptions') AS first_one,
        max(end_date) FILTER (WHERE feed = 'prescriptions') AS prescribed_until
    FROM described
    GROUP BY exposure_id
),

-- What went before, by the start of the exposure: exposures that start on the same day are no predecessors.
preceded AS (
    SELECT
        *,
        max(end_date) OVER (
            PARTITION BY patient_id, ingredient, route_group
            ORDER BY start_date
            GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS last_covered,
        max(end_date) FILTER (WHERE route_group = 'unknown') OVER (
            PARTITION BY patient_id, ingredient
            ORDER BY start_date
            GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS last_covered_by_unknown_route
    FROM courses
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
    c.covered_days,
    CASE
        WHEN e.last_covered >= e.start_date - $new_days THEN 'not new'
        WHEN e.last_covered_by_unknown_route >= e.start_date - $new_days THEN 'unknown'
        WHEN p.first_seen <= e.start_date - $new_days THEN 'new'
        ELSE 'unknown'
    END AS newness,
    e.prn_only,
    coalesce(e.prescribed_until = e.end_date AND e.last_one.explicit_stop, FALSE) AS explicit_stop,
    e.taper,
    e.from_administrations,
    e.prescription_ids,
    e.administration_ids,
    e.first_one.row_id AS first_prescription_id,
    e.last_one.row_id AS last_prescription_id,
    e.last_one.prescriber_id AS prescriber_id,
    e.last_one.facility_id AS facility_id,
    e.first_one.drug_name AS first_drug_name
FROM preceded AS e
JOIN covered AS c USING (exposure_id)
LEFT JOIN facts.people AS p USING (patient_id)
