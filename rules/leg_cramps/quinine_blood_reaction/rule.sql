-- Courses of quinine, each with the blood counts and codes of the weeks after its start.
WITH
courses AS (
    SELECT
        *,
        start_date + $window_days AS window_end
    FROM facts.exposures
    WHERE ingredient = 'quinine'
        AND route_group NOT IN ('topical', 'vaginal', 'ophthalmic')
        AND start_date <= $horizon
),

-- A count that is only a limit has either a most or a least that it can be; `<100` does not reach it.
platelets AS (
    SELECT
        *,
        concat(comparator, spoken(value)) AS shown,
        CASE WHEN coalesce(comparator, '<') IN ('<', '<=') THEN value END AS at_most,
        coalesce(comparator, '') <> '<' AS is_reached,
        CASE WHEN coalesce(comparator, '>') IN ('>', '>=') THEN value END AS at_least
    FROM facts.labs SEMI JOIN courses USING (patient_id)
    WHERE analyte = 'platelets' AND collected_on <= $horizon
),

blood_codes AS (
    SELECT * FROM facts.conditions SEMI JOIN courses USING (patient_id)
    WHERE condition IN ('ttp_hus', 'thrombocytopenia') AND day <= $horizon
),

feeds AS (SELECT * FROM facts.feeds),

last_counts_before AS (
    SELECT c.exposure_id, p.*
    FROM courses AS c
    JOIN platelets AS p
        ON c.patient_id = p.patient_id
            AND p.collected_on BETWEEN c.start_date - $platelets_days AND c.start_date
    QUALIFY row_number() OVER (PARTITION BY c.exposure_id ORDER BY p.collected_at DESC, p.row_id) = 1
),

baselines AS (
    SELECT
        exposure_id,
        at_least AS old_value,
        shown AS old_shown,
        collected_on AS old_day,
        row_id AS old_row_id
    FROM last_counts_before
    WHERE at_least IS NOT NULL
),

later_counts AS (
    SELECT
        c.exposure_id,
        p.*,
        b.* EXCLUDE (exposure_id),
        (p.at_most, p.is_reached) < ($platelets_low, TRUE) AS is_low,
        coalesce(100 * (b.old_value - p.at_most) >= $platelets_fall * b.old_value, FALSE) AS has_fallen
    FROM courses AS c
    JOIN platelets AS p
        ON c.patient_id = p.patient_id
            AND p.collected_on BETWEEN c.start_date + 1 AND c.window_end
    LEFT JOIN baselines AS b USING (exposure_id)
    WHERE p.at_most IS NOT NULL
),

lowest_counts AS (
    SELECT
        * EXCLUDE (collected_on),
        collected_on AS lowest_on,
        min(collected_on) FILTER (WHERE is_low OR has_fallen) OVER (PARTITION BY exposure_id) AS day
    FROM later_counts
    QUALIFY row_number() OVER (PARTITION BY exposure_id ORDER BY at_most, is_reached, collected_at, row_id) = 1
),

-- Thrombotic microangiopathy is news in known thrombocytopenia, but not the other way round: it always has low platelets.
known_codes AS (
    SELECT DISTINCT b.row_id
    FROM blood_codes AS b
    JOIN blood_codes AS e
        ON b.patient_id = e.patient_id
            AND e.day BETWEEN b.day - $code_days AND b.day - 1
            AND (b.condition = 'thrombocytopenia' OR e.condition = 'ttp_hus')
),

first_codes AS (
    SELECT c.exposure_id, b.*
    FROM courses AS c
    JOIN blood_codes AS b
        ON c.patient_id = b.patient_id
            AND b.day BETWEEN c.start_date + 1 AND c.window_end
    ANTI JOIN known_codes AS k ON b.row_id = k.row_id
    QUALIFY row_number() OVER (PARTITION BY c.exposure_id, b.condition ORDER BY b.row_id) = 1
),

signs AS (
    SELECT
        l.exposure_id,
        l.day,
        1 AS place,
        concat(
            'platelets ', l.shown, ' x10^9/L on ', l.lowest_on,
            CASE
                WHEN l.old_value IS NULL
                    THEN concat(' (no count to compare with from ', c.start_date - $platelets_days, ' to ', c.start_date, ')')
                WHEN l.old_value <= l.value THEN concat(' (', l.old_shown, ' on ', l.old_day, ')')
                ELSE concat(
                        ' (', l.old_shown, ' on ', l.old_day, ', a fall of ',
                        spoken(floor(100 * (l.old_value - l.value) / l.old_value)), ' %)'
                    )
            END
        ) AS wording,
        source_row('labs', l.row_id) AS source
    FROM lowest_counts AS l
    JOIN courses AS c USING (exposure_id)
    WHERE l.day IS NOT NULL
    UNION ALL
    SELECT
        exposure_id,
        day,
        2 AS place,
        concat(if(condition = 'ttp_hus', 'TTP or HUS', 'thrombocytopenia'), ' coded (', code, ' on ', day, ')') AS wording,
        source_row('diagnoses', row_id) AS source
    FROM first_codes
),

reactions AS (
    SELECT
        exposure_id,
        min(day) AS day,
        bool_or(place = 2) AS is_coded,
        string_agg(wording, ', ' ORDER BY place, day, wording) AS reaction,
        list(source) AS sources
    FROM signs
    GROUP BY exposure_id
),

unseen AS (
    SELECT
        if(
            count(*) > 0, '; diagnoses not delivered: codes of TTP, HUS and thrombocytopenia could not be seen', ''
        ) AS unseen
    FROM feeds
    WHERE feed = 'diagnoses' AND NOT present
),

judged AS (
    SELECT
        c.*,
        l.shown,
        l.value AS lowest_count,
        l.lowest_on,
        l.is_low,
        l.has_fallen,
        b.old_value AS baseline_count,
        b.old_day AS baseline_on,
        b.old_row_id,
        r.day,
        r.is_coded,
        r.reaction,
        r.sources,
        u.unseen,
        CASE
            WHEN r.exposure_id IS NOT NULL THEN 'finding'
            WHEN c.window_end > $horizon THEN 'pending'
            WHEN l.exposure_id IS NULL OR b.exposure_id IS NULL THEN 'not_evaluable'
            ELSE 'clear'
        END AS outcome
    FROM courses AS c
    CROSS JOIN unseen AS u
    LEFT JOIN lowest_counts AS l USING (exposure_id)
    LEFT JOIN baselines AS b USING (exposure_id)
    LEFT JOIN reactions AS r USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    coalesce(day, start_date) AS index_date,
    outcome,
    'critical' AS severity,
    CASE
        WHEN outcome = 'finding'
            THEN concat_ws(
                    ', ',
                    if(is_low, concat('platelets below ', $platelets_low), NULL),
                    if(has_fallen, concat('platelets fallen by ', $platelets_fall, ' % or more'), NULL),
                    if(is_coded, 'TTP, HUS or thrombocytopenia coded', NULL)
                )
        WHEN outcome = 'pending' THEN 'the window is not over'
        WHEN outcome = 'clear' THEN 'platelets held'
        WHEN lowest_on IS NULL THEN 'no platelet count in the window'
        ELSE 'no platelet count before the start to compare with'
    END AS reason,
    end_date AS active_until,
    list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        coalesce(sources, []),
        if(old_row_id IS NULL, [], [source_row('labs', old_row_id)])
    ) AS sources,
    coalesce(first_drug_name, ingredient) AS drug_name,
    start_date,
    end_date,
    window_end,
    lowest_count,
    lowest_on,
    baseline_count,
    baseline_on,
    reaction,
    unseen
FROM judged
