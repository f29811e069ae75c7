-- New courses of a magnesium supplement by mouth that are said to be for a deficiency, each with the result that documents it.
WITH
courses AS (
    SELECT
        *,
        start_date - $result_days AS window_start
    FROM facts.exposures
    WHERE
        ingredient = 'magnesium'
        AND (route_group, product_class) IN (('oral', 'supplement'), ('unknown', 'supplement'))
        AND newness <> 'not new'
        AND start_date <= $horizon
),

low_codes AS (SELECT * FROM facts.conditions WHERE condition = 'hypomagnesemia' AND day <= $horizon),

low_indications AS (SELECT * FROM facts.indications WHERE condition = 'hypomagnesemia' AND day <= $horizon),

orders AS (SELECT * FROM facts.prescriptions WHERE ingredient = 'magnesium' AND start_date <= $horizon),

results AS (SELECT * FROM facts.labs SEMI JOIN courses USING (patient_id) WHERE analyte = 'magnesium'),

feeds AS (SELECT * FROM facts.feeds),

worded_orders AS (
    SELECT *
    FROM orders
    WHERE
        regexp_matches(
            lower(indication_text),
            '\bhypomagn|\blow\W+(?:serum\W+)?(?:mg|mag|magnesium)\b'
            || '|\b(?:mg|mag|magnesium)\W+(?:level\W+)?(?:is\W+)?(?:low|deficien\w*|deplet\w*)\b'
            || '|\b(?:deficiency|depletion)\W+(?:of|in)\W+(?:mg|mag|magnesium)\b'
        )
        AND NOT regexp_matches(
            lower(indication_text), 'prevent|prophyla|\b(?:no|not|without|history|hx|h/o|past|risk|rule out|r/o)\b'
        )
),

signs AS (
    SELECT patient_id, day, code AS told, source_row('diagnoses', row_id) AS source
    FROM low_codes
    UNION ALL
    SELECT patient_id, day, concat('indication ', code), source_row('prescriptions', row_id)
    FROM low_indications
    UNION ALL
    SELECT patient_id, start_date, concat('indication: ', indication_text), source_row('prescriptions', row_id)
    FROM worded_orders
),

signed_courses AS (
    SELECT
        c.*,
        s.source AS sign_source,
        concat(s.told, ' on ', s.day) AS sign
    FROM courses AS c
    JOIN signs AS s
        ON c.patient_id = s.patient_id
            AND s.day BETWEEN c.start_date - $sign_days_before AND c.start_date + $sign_days_after
    QUALIFY row_number() OVER (PARTITION BY c.exposure_id ORDER BY s.day, s.told, s.source) = 1
),

latest_results AS (
    SELECT
        c.exposure_id,
        r.row_id,
        r.collected_on,
        low_magnesium(r.own_value, r.own_unit, r.comparator) AS was_low,
        concat_ws(' ', r.value_as_sent, r.unit_as_sent, 'on', r.collected_on) AS told
    FROM signed_courses AS c
    JOIN results AS r ON c.patient_id = r.patient_id AND r.collected_on <= c.start_date
    QUALIFY row_number() OVER (PARTITION BY c.exposure_id ORDER BY r.collected_at DESC, r.row_id) = 1
),

unseen AS (
    SELECT if(present, '', '; diagnoses not delivered: deficiencies known by a code only could not be seen') AS unseen
    FROM feeds
    WHERE feed = 'diagnoses'
),

judged AS (
    SELECT
        c.*,
        r.* EXCLUDE (exposure_id),
        u.unseen,
        coalesce(r.collected_on >= c.window_start, FALSE) AS is_documented
    FROM signed_courses AS c
    CROSS JOIN unseen AS u
    LEFT JOIN latest_results AS r USING (exposure_id)
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    start_date AS index_date,
    CASE
        WHEN newness = 'unknown' THEN 'not_evaluable'
        WHEN is_documented THEN 'clear'
        ELSE 'finding'
    END AS outcome,
    'low' AS severity,
    CASE
        WHEN newness = 'unknown' THEN 'not observed long enough'
        WHEN is_documented THEN 'serum magnesium before the start'
        ELSE 'no serum magnesium before the start'
    END AS reason,
    end_date AS active_until,
    list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        [sign_source],
        if(is_documented, [source_row('labs', row_id)], [])
    ) AS sources,
    coalesce(first_drug_name, ingredient) AS drug_name,
    start_date,
    sign,
    window_start,
    if(is_documented, told, NULL) AS magnesium,
    if(is_documented, was_low, NULL) AS was_low,
    coalesce('the latest up to then is of ' || collected_on, 'none up to then') AS last_result,
    unseen
FROM judged
