-- Weeks in which a patient with cirrhosis and cramps had intravenous albumin, each with the grams of that week. One feed
-- speaks for a week: what was given goes before what was recorded as a procedure, and that before what was ordered.
WITH
cirrhosis_codes AS (SELECT * FROM facts.conditions WHERE condition = 'cirrhosis' AND day <= $horizon),

cramps AS (SELECT * FROM facts.cramp_evidence WHERE day <= $horizon),

doses_given AS (
    SELECT * FROM facts.administrations SEMI JOIN cirrhosis_codes USING (patient_id)
    WHERE ingredient = 'albumin human' AND administered_on <= $horizon
),

orders AS (
    SELECT * FROM facts.prescriptions SEMI JOIN cirrhosis_codes USING (patient_id)
    WHERE ingredient = 'albumin human' AND start_date <= $horizon
),

procedures AS (
    SELECT * FROM facts.procedures SEMI JOIN cirrhosis_codes USING (patient_id)
    WHERE day <= $horizon
),

complications AS (
    SELECT * FROM facts.conditions SEMI JOIN cirrhosis_codes USING (patient_id)
    WHERE condition IN ('spontaneous_bacterial_peritonitis', 'hepatorenal_syndrome') AND day <= $horizon
),

feeds AS (SELECT * FROM facts.feeds WHERE feed = 'procedures'),

-- An order says on which of its days albumin is due: every day, or every so many when a dose is more than the daily mean.
-- How long an order lasts that states no end, and how much of an order as needed is given, nobody knows.
ordered AS (
    SELECT
        *,
        if(end_method = 'assumed', start_date, least(end_date, $horizon)) AS last_day,
        end_method = 'assumed' OR as_needed AS is_open,
        greatest(CAST(round(single_dose_mg / daily_dose_mg) AS INTEGER), 1) AS days_apart
    FROM orders
),

order_days AS (
    SELECT
        patient_id,
        row_id,
        start_date,
        CASE WHEN is_open THEN NULL WHEN days_apart > 1 THEN single_dose_mg / 1000 ELSE daily_dose_mg / 1000 END AS grams,
        unnest(range(0, last_day - start_date + 1, days_apart)) AS days
    FROM ordered
),

doses AS (
    SELECT 1 AS place, 'administrations' AS feed, row_id, patient_id, administered_on AS day, dose_mg / 1000 AS grams
    FROM doses_given
    UNION ALL
    SELECT
        2 AS place,
        'procedures' AS feed,
        row_id,
        patient_id,
        day,
        TRY_CAST(regexp_extract(qualifier, '^grams=(.+)$', 1) AS DOUBLE) AS grams
    FROM procedures
    WHERE procedure = 'albumin_infusion'
    UNION ALL
    SELECT 3 AS place, 'prescriptions' AS feed, row_id, patient_id, start_date + CAST(days AS INTEGER) AS day, grams
    FROM order_days
),

told_weeks AS (
    SELECT
        patient_id,
        CAST(date_trunc('week', day) AS DATE) AS week_start,
        place,
        feed,
        min(day) AS day,
        round(coalesce(sum(grams), 0), 3) AS grams,
        bool_and(grams IS NOT NULL) AS is_complete,
        list(DISTINCT source_row(feed, row_id)) AS sources
    FROM doses
    GROUP BY patient_id, week_start, place, feed
),

-- A feed that knows all its doses goes before one that does not.
weeks AS (
    SELECT
        *,
        concat_ws('|', patient_id, 'albumin', week_start) AS unit_id,
        week_start + 6 AS week_end,
        min(day) OVER (PARTITION BY patient_id, week_start) AS first_day
    FROM told_weeks
    QUALIFY row_number() OVER (PARTITION BY patient_id, week_start ORDER BY is_complete DESC, place) = 1
),

-- In cirrhosis, and with cramps: recorded by the last day of the week. The first record stands for all.
cirrhosis_weeks AS (
    SELECT w.*, c.row_id AS cirrhosis_id
    FROM weeks AS w
    JOIN cirrhosis_codes AS c ON w.patient_id = c.patient_id AND c.day <= w.week_end
    QUALIFY row_number() OVER (PARTITION BY w.unit_id ORDER BY c.day, c.row_id) = 1
),

cramp_weeks AS (
    SELECT w.*, k.tier AS cramp_tier, source_row(k.feed, k.row_id) AS cramp_source
    FROM cirrhosis_weeks AS w
    JOIN cramps AS k ON w.patient_id = k.patient_id AND k.day <= w.week_end
    QUALIFY row_number() OVER (PARTITION BY w.unit_id ORDER BY k.tier, k.day, k.row_id) = 1
),

other_reasons AS (
    SELECT patient_id, day, 'paracentesis' AS wording, source_row('procedures', row_id) AS source
    FROM procedures
    WHERE procedure = 'paracentesis'
    UNION ALL
    SELECT patient_id, day, replace(condition, '_', ' ') AS wording, source_row('diagnoses', row_id) AS source
    FROM complications
),

excused_weeks AS (
    SELECT
        w.unit_id,
        string_agg(DISTINCT o.wording, ', ' ORDER BY o.wording) AS excuses,
        list(o.source) AS sources
    FROM cramp_weeks AS w
    JOIN other_reasons AS o ON w.patient_id = o.patient_id AND o.day BETWEEN w.week_start AND w.week_end
    GROUP BY w.unit_id
),

banded AS (
    SELECT
        w.*,
        x.excuses,
        x.sources AS excuse_sources,
        f.present AS are_procedures_seen,
        CASE
            WHEN w.grams > $highest_grams THEN concat('above ', $highest_grams, ' g')
            WHEN w.week_end > $horizon OR NOT w.is_complete THEN NULL
            WHEN w.grams < $lowest_grams THEN concat('below ', $lowest_grams, ' g')
            ELSE concat($lowest_grams, '-', $highest_grams, ' g')
        END AS dose_band
    FROM cramp_weeks AS w
    CROSS JOIN feeds AS f
    LEFT JOIN excused_weeks AS x USING (unit_id)
)

SELECT
    unit_id,
    patient_id,
    first_day AS index_date,
    CASE
        WHEN excuses IS NOT NULL THEN 'excluded'
        WHEN dose_band IS NOT NULL THEN 'clear'
        WHEN week_end > $horizon THEN 'pending'
        ELSE 'not_evaluable'
    END AS outcome,
    NULL AS severity,
    CASE
        WHEN excuses IS NOT NULL THEN concat(excuses, ' in the week')
        WHEN dose_band IS NOT NULL
            THEN concat(dose_band, if(are_procedures_seen, '', ' (procedures not delivered: paracentesis could not be seen)'))
        WHEN week_end > $horizon THEN 'the week is not over'
        ELSE 'dose unknown'
    END AS reason,
    CAST(NULL AS DATE) AS active_until,
    list_concat(
        sources, [source_row('diagnoses', cirrhosis_id), cramp_source], coalesce(excuse_sources, [])
    ) AS sources,
    week_start,
    grams,
    if(excuses IS NULL, dose_band, NULL) AS dose_band,
    feed AS dose_from,
    cramp_tier
FROM banded
