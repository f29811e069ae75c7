-- Months of haemodialysis patients with recurrent cramps, each with how long the dry weight has stood and what speaks for
-- flesh gained.
WITH
sessions AS (SELECT * FROM facts.haemodialysis_sessions WHERE started_on <= $horizon),

labs AS (
    SELECT * FROM facts.labs
    SEMI JOIN sessions USING (patient_id)
    WHERE analyte IN ('albumin', 'creatinine', 'npcr') AND comparator IS NULL
),

feeds AS (SELECT * FROM facts.feeds),

analytes (analyte, place, wording, unit) AS (
    VALUES
    ('albumin', 1, 'albumin', 'g/dL'),
    ('creatinine', 2, 'pre-dialysis creatinine', 'mg/dL'),
    ('npcr', 3, 'protein catabolic rate', 'g/kg/day')
),

last_sessions AS (
    SELECT
        *,
        concat(patient_id, '|', strftime(started_on, '%Y-%m')) AS unit_id
    FROM sessions
    QUALIFY row_number() OVER (PARTITION BY unit_id ORDER BY started_at DESC, row_id DESC) = 1
),

months AS (
    SELECT * FROM last_sessions
    WHERE sessions_with_cramps >= $cramp_sessions AND sessions_asked_of_cramps >= $asked_sessions
),

-- How long the dry weight has stood: a session without one has that of the session before.

carried_weights AS (
    SELECT
        row_id,
        patient_id,
        started_at,
        started_on,
        last_value(dry_weight_kg IGNORE NULLS) OVER so_far AS weight_kg
    FROM sessions
    WINDOW so_far AS (
        PARTITION BY patient_id
        ORDER BY started_at, row_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),

set_weights AS (
    SELECT
        *,
        coalesce(
            weight_kg <> lag(weight_kg) OVER (PARTITION BY patient_id ORDER BY started_at, row_id), weight_kg IS NOT NULL
        ) AS is_set
    FROM carried_weights
),

weights AS (
    SELECT
        row_id,
        weight_kg,
        count(*) FILTER (WHERE is_set) OVER so_far AS times_set,
        last_value(if(is_set, {'day': started_on, 'row_id': row_id}, NULL) IGNORE NULLS) OVER so_far AS last_set
    FROM set_weights
    WINDOW so_far AS (
        PARTITION BY patient_id
        ORDER BY started_at, row_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),

-- What speaks for flesh gained.

samples_during_dialysis AS (
    SELECT l.row_id
    FROM labs AS l
    JOIN sessions AS s ON l.patient_id = s.patient_id AND l.collected_on = s.started_on
    WHERE
        CAST(s.started_at AS TIME) <> TIME '00:00:00'
        AND l.collected_at > s.started_at + to_minutes($draw_minutes)
),

results AS (
    SELECT * FROM labs
    WHERE
        analyte <> 'creatinine'
        OR NOT (
            regexp_matches(lower(name), '(^|[^a-z])post')
            OR row_id IN (SELECT row_id FROM samples_during_dialysis)
        )
),

medians AS (
    SELECT
        m.unit_id,
        r.analyte,
        median(r.value) FILTER (WHERE r.collected_on >= m.started_on - $recent_days) AS recent,
        median(r.value) FILTER (WHERE r.collected_on < m.started_on - $recent_days) AS earlier,
        list(source_row('labs', r.row_id)) AS sources
    FROM months AS m
    JOIN results AS r
        ON m.patient_id = r.patient_id
            AND r.collected_on BETWEEN m.started_on - $recent_days - $earlier_days AND m.started_on
    GROUP BY m.unit_id, r.analyte
),

rises AS (
    SELECT *
    FROM medians
    WHERE CASE analyte
            WHEN 'albumin' THEN round(recent - earlier, 6) >= $albumin_rise
            WHEN 'creatinine' THEN round(100 * (recent - earlier) - $creatinine_rise * earlier, 6) >= 0
            ELSE round(recent - earlier, 6) >= $npcr_rise
        END
),

told_rises AS (
    SELECT
        r.unit_id,
        count(*) AS rises,
        string_agg(
            concat(
                a.wording, ' from ', spoken(round(r.earlier, 2)), ' to ', spoken(round(r.recent, 2)), ' ', a.unit
            ), ', '
            ORDER BY a.place
        ) AS wording,
        flatten(list(r.sources)) AS sources
    FROM rises AS r
    JOIN analytes AS a USING (analyte)
    GROUP BY r.unit_id
),

unseen AS (
    SELECT if(count(*) > 0, '; labs not delivered: signs of flesh gained could not be seen', '') AS unseen
    FROM feeds
    WHERE feed = 'labs' AND NOT present
),

judged AS (
    SELECT
        m.*,
        w.weight_kg,
        w.last_set.row_id AS set_in,
        w.last_set.day AS unchanged_since,
        m.started_on - w.last_set.day AS days_unchanged,
        coalesce(r.rises, 0) AS signs,
        r.wording AS signs_told,
        r.sources AS sign_sources,
        u.unseen,
        CASE
            WHEN m.started_on - w.last_set.day >= $unchanged_days THEN 'finding'
            WHEN w.times_set > 1 THEN 'clear'
            ELSE 'not_evaluable'
        END AS outcome
    FROM months AS m
    CROSS JOIN unseen AS u
    JOIN weights AS w USING (row_id)
    LEFT JOIN told_rises AS r USING (unit_id)
)

SELECT
    unit_id,
    patient_id,
    started_on AS index_date,
    outcome,
    if(signs >= $rises_needed, 'high', 'moderate') AS severity,
    CASE
        WHEN outcome = 'finding' THEN concat('dry weight unchanged for ', $unchanged_days, ' days or more')
        WHEN outcome = 'clear' THEN concat('dry weight changed within ', $unchanged_days, ' days')
        WHEN unchanged_since IS NULL THEN 'no dry weight recorded'
        ELSE concat('less than ', $unchanged_days, ' days of dry weights on record')
    END AS reason,
    CAST(NULL AS DATE) AS active_until,
    list_concat(
        list_transform(counted_ids, lambda id: source_row('dialysis_sessions', id)),
        if(set_in IS NULL, [], [source_row('dialysis_sessions', set_in)]),
        coalesce(sign_sources, [])
    ) AS sources,
    sessions_with_cramps,
    sessions_asked_of_cramps AS sessions_asked,
    counted_from,
    started_on AS last_session,
    weight_kg AS dry_weight_kg,
    unchanged_since,
    days_unchanged AS unchanged_days,
    signs,
    if(signs = 0, '', concat('; risen in the last ', $recent_days, ' days: ', signs_told)) AS rises,
    unseen
FROM judged
