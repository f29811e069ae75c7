-- One prescription of a listed drug and one of its ingredients, with its daily dose and the days that it covers. Cancelled
-- and mistaken orders, orders on hold and orders that start after the audit's date are not here.
-- row_id: prescription_id of the extract
-- patient_id: patient
-- ingredient: ingredient
-- route_group: oral, injectable, intrathecal, topical, vaginal, ophthalmic, other, or unknown when nothing says it
-- product_class: for magnesium: supplement, laxative_antacid, bowel_prep or intravenous; where the sig alone tells that it is
--   taken by mouth, the class that a route by mouth would give the product
-- salt: magnesium salt
-- drug_name: name as sent
-- matched_by: code:rxnorm, code:ndc, code:atc, code:snomed, or name
-- start_date: first covered day
-- end_date: last covered day: the first that can be had of days supply with refills, quantity by units a day, end date
--   as sent, and the assumed days; an earlier end date as sent cuts it short
-- end_method: where the end comes from: days_supply, quantity, end_date or assumed
-- status: status as sent
-- explicit_stop: whether it was stopped, with an end date
-- daily_dose_mg: mg a day as labelled, the most of a range or of an as-needed order; NULL when unknown
-- dose_method: stated, quantity x frequency, sig, strength x quantity / days, or unknown
-- dose_confidence: high, medium or low; NULL when the dose is unknown
-- dose_is_range: whether the dose is the most of a range
-- as_needed: whether it is to be taken as needed, by its mark or its sig
-- single_dose_mg: mg of one dose, the largest; NULL when unknown
-- elemental_daily_mg: mg of elemental magnesium a day; NULL when unknown and for other drugs
-- taper: whether the sig says that the dose is to be tapered
-- inpatient: whether it starts within an inpatient stay and is not continued past the stay's last day; a stay without a
--   recorded end makes none
-- sig: directions as sent
-- strength: strength as sent
-- indication_code: code of the indication
-- indication_code_system: system of that code
-- indication_text: indication in words
-- prescriber_id: prescriber
-- facility_id: facility
-- file: file of the extract
-- line: line of that file
WITH
encounters AS (SELECT * FROM facts.encounters),

orders AS (SELECT * FROM clean.prescriptions),

sigs AS (SELECT * FROM clean.sigs),

stays AS (
    SELECT patient_id, list({'first_day': started_on, 'last_day': ended_on}) AS stays
    FROM encounters
    WHERE class = 'inpatient' AND ended_on IS NOT NULL
    GROUP BY patient_id
),

listed AS (
    SELECT * FROM orders
    WHERE start_date <= $as_of
        AND coalesce(status, 'unknown') NOT IN ('cancelled', 'entered-in-error', 'on-hold')
),

sized AS (
    SELECT
        p.*,
        coalesce(p.route_group, s.route_group, 'unknown') AS any_route_group,
        CASE
            WHEN p.product_class IS NOT NULL OR p.ingredient != 'magnesium' OR s.route_group != 'oral' THEN p.product_class
            WHEN s.route_group IS NULL THEN NULL
            WHEN regexp_matches(lower(p.sig), 'colonoscop|bowel +prep') THEN 'bowel_prep'
            WHEN p.salt = 'sulfate' THEN 'laxative_antacid'
            WHEN p.salt = 'citrate' AND (s.amount_kind = 'volume' OR regexp_matches(lower(p.sig), 'bottle')) THEN 'laxative_antacid'
            ELSE 'supplement'
        END AS any_product_class,
        coalesce(p.as_needed, FALSE) OR coalesce(s.as_needed, FALSE) AS any_as_needed,
        coalesce(s.taper, FALSE) AS taper,
        coalesce(s.is_range, FALSE) AS sig_is_range,
        s.times_per_day AS sig_times,
        s.confidence AS sig_confidence,
        CASE WHEN p.daily_dose_mg > 0 THEN p.daily_dose_mg END AS stated_mg,
        CASE WHEN p.dose_quantity > 0 THEN p.dose_quantity END AS dose_size,
        CASE WHEN p.frequency_per_day > 0 THEN p.frequency_per_day END AS frequency,
        CASE WHEN p.quantity > 0 THEN p.quantity END AS supplied,
        CASE WHEN p.days_supply > 0 THEN p.days_supply END AS supply_days,
        -- mg of a tablet or capsule, or of a ml: what the quantity supplied counts.
        p.strength_mg / coalesce(p.per_ml, 1) AS mg_per_unit,
        -- Directions for a tablet of another strength do not go with the product: 1 tablet (20 mg) of a 10 mg tablet.
        p.ingredient != 'magnesium' AND p.per_ml IS NULL
        AND greatest(p.strength_mg, s.mg_of_one) > 1.25 * least(p.strength_mg, s.mg_of_one) AS is_other_tablet,
        -- A mass below a quarter of a tablet does not go with the product: 50 mcg of a 10 mg tablet.
        CASE if(is_other_tablet, NULL, s.amount_kind)
            WHEN 'mass' THEN CASE WHEN p.per_ml IS NOT NULL OR NOT coalesce(s.amount < p.strength_mg / 4, FALSE) THEN 1 END
            WHEN 'microgram'
                THEN CASE WHEN p.per_ml IS NOT NULL OR NOT coalesce(s.amount < p.strength_mg * 250, FALSE) THEN 0.001 END
            WHEN 'amount' THEN CASE WHEN p.ingredient = 'magnesium' THEN 24.305 / p.elemental_fraction END
            WHEN 'volume' THEN p.strength_mg / p.per_ml
            WHEN 'count' THEN CASE WHEN p.per_ml IS NULL THEN p.strength_mg END
        END AS mg_per_sig_unit,
        s.amount AS sig_amount,
        s.amount_per_day AS sig_amount_per_day,
        CASE WHEN s.amount_kind IN ('count', 'volume') THEN s.amount_per_day END AS sig_units_per_day
    FROM listed AS p
    LEFT JOIN sigs AS s USING (sig)
),

-- Without a unit, a quantity that would be less than a quarter of a tablet in mg is a number of tablets, and one that is
-- too many tablets but a whole number of half tablets in mg is mg.
united AS (
    SELECT
        *,
        CASE
            WHEN dose_unit IS NOT NULL THEN mg_per_dose_unit
            WHEN per_ml IS NOT NULL THEN NULL
            WHEN dose_size <= 4 AND dose_size < strength_mg / 4 THEN strength_mg
            WHEN dose_size >= 5 AND dose_size % nullif(strength_mg / 2, 0) = 0 THEN 1
        END AS mg_per_dose,
        CASE
            WHEN dose_unit_kind IN ('count', 'volume') THEN dose_size * frequency
            WHEN dose_unit IS NULL AND per_ml IS NULL AND dose_size <= 4 AND dose_size < strength_mg / 4
                THEN dose_size * frequency
        END AS sent_units_per_day
    FROM sized
),

candidates AS (
    SELECT
        *,
        dose_size * mg_per_dose * frequency AS frequency_mg,
        coalesce(
            sig_amount_per_day * mg_per_sig_unit,
            dose_size * mg_per_dose * sig_times,
            CASE WHEN sig_times IS NULL THEN sig_amount * mg_per_sig_unit * frequency END
        ) AS sig_mg,
        mg_per_unit * supplied / supply_days AS supply_mg
    FROM united
),

dosed AS (
    SELECT
        *,
        coalesce(stated_mg, frequency_mg, sig_mg, supply_mg) AS dose_mg,
        CASE
            WHEN stated_mg IS NOT NULL THEN 'stated'
            WHEN frequency_mg IS NOT NULL THEN 'quantity x frequency'
            WHEN sig_mg IS NOT NULL THEN 'sig'
            WHEN supply_mg IS NOT NULL THEN 'strength x quantity / days'
            ELSE 'unknown'
        END AS dose_method,
        coalesce(
            dose_size * mg_per_dose, sig_amount * mg_per_sig_unit, stated_mg / frequency, stated_mg / sig_times
        ) AS single_mg,
        CASE WHEN stated_mg IS NULL THEN dose_size * elemental_mg_per_dose_unit * frequency END AS elemental_mg
    FROM candidates
),

supplied AS (
    SELECT
        *,
        coalesce(
            sent_units_per_day, sig_units_per_day, CASE WHEN dose_mg > 0 THEN dose_mg / mg_per_unit END
        ) AS units_per_day,
        CASE
            WHEN supply_days IS NOT NULL
                THEN CAST(least(ceil(round(supply_days * (1 + coalesce(refills, 0)), 6)), 36500) AS INTEGER)
        END AS days_by_supply,
        CASE
            WHEN supplied IS NOT NULL AND units_per_day > 0
                THEN CAST(least(ceil(round(supplied / units_per_day, 6)), 36500) AS INTEGER)
        END AS days_by_quantity
    FROM dosed
),

covered AS (
    SELECT
        *,
        CASE
            WHEN days_by_supply IS NOT NULL THEN 'days_supply'
            WHEN days_by_quantity IS NOT NULL THEN 'quantity'
            WHEN end_date IS NOT NULL THEN 'end_date'
            ELSE 'assumed'
        END AS end_method,
        CASE
            WHEN coalesce(days_by_supply, days_by_quantity) IS NULL
                THEN coalesce(end_date, start_date + $assumed_days - 1)
            ELSE least(start_date + coalesce(days_by_supply, days_by_quantity) - 1, end_date)
        END AS supply_end
    FROM supplied
)

SELECT
    c.row_id,
    c.patient_id,
    c.ingredient,
    c.any_route_group AS route_group,
    c.any_product_class AS product_class,
    c.salt,
    c.drug_name,
    c.matched_by,
    c.start_date,
    c.supply_end AS end_date,
    c.end_method,
    c.status,
    coalesce(c.status = 'stopped', FALSE) AND c.end_date IS NOT NULL AS explicit_stop,
    c.dose_mg AS daily_dose_mg,
    c.dose_method,
    CASE
        WHEN c.dose_method = 'unknown' THEN NULL
        WHEN c.dose_method = 'stated' THEN 'high'
        WHEN c.dose_method = 'quantity x frequency'
            THEN CASE
                    WHEN c.dose_unit IS NULL THEN 'low'
                    WHEN c.dose_unit_kind = 'mass' OR c.strength_source = 'code' THEN 'high'
                    ELSE 'medium'
                END
        WHEN c.any_as_needed OR (c.dose_method = 'sig' AND (c.sig_is_range OR c.sig_confidence = 'low')) THEN 'low'
        ELSE 'medium'
    END AS dose_confidence,
    c.dose_method = 'sig' AND c.sig_is_range AS dose_is_range,
    c.any_as_needed AS as_needed,
    c.single_mg AS single_dose_mg,
    coalesce(c.elemental_mg, c.dose_mg * c.elemental_fraction) AS elemental_daily_mg,
    c.taper,
    coalesce(
        len(list_filter(
            s.stays, lambda stay: c.start_date BETWEEN stay.first_day AND stay.last_day AND c.supply_end <= stay.last_day
        )) > 0,
        FALSE
    ) AS inpatient,
    c.sig,
    c.strength,
    c.indication_code,
    c.indication_code_system,
    c.indication_text,
    c.prescriber_id,
    c.facility_id,
    c.file,
    c.line
FROM covered AS c
LEFT JOIN stays AS s ON c.patient_id = s.patient_id
