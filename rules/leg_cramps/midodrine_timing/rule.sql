-- Haemodialysis sessions under a midodrine order, each with the dose nearest to its start.
WITH
sessions AS (SELECT * FROM facts.haemodialysis_sessions WHERE started_on <= $horizon),

-- An end without a time of day (midnight) is no end.
ends AS (SELECT row_id, ended_at FROM facts.dialysis_sessions WHERE CAST(ended_at AS TIME) <> TIME '00:00:00'),

orders AS (SELECT * FROM facts.prescriptions WHERE ingredient = 'midodrine'),

administrations AS (
    SELECT * FROM facts.administrations
    SEMI JOIN orders USING (patient_id)
    WHERE administered_on <= $horizon
),

covered_sessions AS (
    SELECT
        s.row_id,
        s.patient_id,
        s.started_at,
        s.started_on,
        s.pre_systolic,
        bool_and(o.as_needed) AS is_as_needed,
        arg_max(coalesce(o.drug_name, o.ingredient), (o.start_date, o.row_id)) AS drug_name,
        list(source_row('prescriptions', o.row_id)) AS order_sources
    FROM sessions AS s
    JOIN orders AS o ON s.patient_id = o.patient_id AND s.started_on BETWEEN o.start_date AND o.end_date
    GROUP BY s.row_id, s.patient_id, s.started_at, s.started_on, s.pre_systolic
),

timed_sessions AS (
    SELECT
        s.*,
        CAST(s.started_at AS TIME) <> TIME '00:00:00' AS has_time,
        coalesce(s.pre_systolic > $hold_systolic, FALSE) AS is_high,
        s.started_at - to_minutes($dose_minutes + $tolerance_minutes) AS window_from,
        s.started_at + to_minutes($dose_minutes + $tolerance_minutes) AS window_to,
        -- Up to when a dose counts: at high pressure the whole session.
        if(
            is_high,
            greatest(window_to, coalesce(e.ended_at, s.started_at + to_minutes($session_minutes))),
            window_to
        ) AS counts_to
    FROM covered_sessions AS s
    LEFT JOIN ends AS e USING (row_id)
),

charted AS (
    SELECT
        s.row_id,
        a.row_id AS administration_id,
        a.administered_at,
        abs(epoch(a.administered_at) - epoch(s.started_at)) AS seconds_apart,
        a.ingredient = 'midodrine' AND coalesce(a.dose_mg > 0, TRUE) AS is_dose,
        CAST(a.administered_at AS TIME) <> TIME '00:00:00' AS has_time,
        a.administered_at BETWEEN s.window_from AND s.counts_to AS counts,
        a.administered_on BETWEEN CAST(s.window_from AS DATE) AND CAST(s.counts_to AS DATE) AS may_count
    FROM timed_sessions AS s
    JOIN administrations AS a
        ON s.patient_id = a.patient_id
            AND a.administered_on BETWEEN s.started_on - 1 AND s.started_on + 1
),

charts AS (
    SELECT
        row_id,
        arg_min(administered_at, (seconds_apart, administered_at)) FILTER (WHERE is_dose AND has_time) AS nearest_dose,
        arg_min(administered_at, (seconds_apart, administered_at))
        FILTER (WHERE is_dose AND has_time AND counts) AS dose_that_counts,
        bool_or(is_dose AND NOT has_time) AS has_untimed_dose,
        bool_or(is_dose AND NOT has_time AND may_count) AS may_have_dose,
        list(source_row('administrations', administration_id)) AS sources
    FROM charted
    GROUP BY row_id
),

judged AS (
    SELECT
        s.*,
        coalesce(c.dose_that_counts, c.nearest_dose) AS nearest_dose,
        coalesce(c.has_untimed_dose, FALSE) AS has_untimed_dose,
        c.sources AS chart_sources,
        CASE
            WHEN c.row_id IS NULL
                THEN if(s.started_on + 1 > $horizon, 'the day after is not over', 'no administration charted within a day')
            WHEN NOT s.has_time THEN 'no time of day for the session'
            WHEN c.dose_that_counts IS NOT NULL THEN if(s.is_high, 'hold', 'dose in time')
            WHEN c.may_have_dose THEN 'no time of day for the dose'
            WHEN CAST(s.counts_to AS DATE) > $horizon THEN 'the time for the dose is not over'
            WHEN s.is_high THEN 'none given around the start or during dialysis at high pressure'
            WHEN s.is_as_needed THEN 'ordered as needed only'
            ELSE 'no dose in time'
        END AS reason
    FROM timed_sessions AS s
    LEFT JOIN charts AS c USING (row_id)
)

SELECT
    row_id AS unit_id,
    patient_id,
    started_on AS index_date,
    CASE
        WHEN reason IN ('hold', 'no dose in time') THEN 'finding'
        WHEN reason = 'dose in time' OR reason LIKE 'none given around the start%' THEN 'clear'
        WHEN reason = 'ordered as needed only' THEN 'excluded'
        WHEN reason LIKE '%not over' THEN 'pending'
        ELSE 'not_evaluable'
    END AS outcome,
    if(reason = 'hold', 'high', 'low') AS severity,
    reason,
    CAST(NULL AS DATE) AS active_until,
    list_concat([source_row('dialysis_sessions', row_id)], order_sources, coalesce(chart_sources, [])) AS sources,
    drug_name,
    started_at,
    nearest_dose,
    pre_systolic,
    if(
        reason = 'hold',
        concat(
            drug_name, ' given on ', strftime(nearest_dose, '%Y-%m-%d at %H:%M'), ' although the systolic pressure before ',
            'dialysis was ', spoken(pre_systolic), ' mmHg (start at ', strftime(started_at, '%H:%M'), ')'
        ),
        concat(
            'No dose of ', drug_name, ' from ', strftime(window_from, '%H:%M'), ' to ', strftime(window_to, '%H:%M'),
            ' around the start of dialysis on ', strftime(started_at, '%Y-%m-%d at %H:%M'),
            if(
                nearest_dose IS NULL,
                concat('; none charted', if(has_untimed_dose, ' with a time of day', ''), ' within a day'),
                concat(
                    '; the nearest dose', if(has_untimed_dose, ' with a time of day', ''), ' was charted on ',
                    strftime(nearest_dose, '%Y-%m-%d at %H:%M')
                )
            )
        )
    ) AS story
FROM judged
