-- Months of haemodialysis patients with recurrent cramps or hypotension, each with how warm the dialysate was.
WITH
sessions AS (SELECT * FROM facts.haemodialysis_sessions WHERE started_on <= $horizon),

last_sessions AS (
    SELECT
        *,
        concat(patient_id, '|', strftime(started_on, '%Y-%m')) AS unit_id,
        sessions_with_cramps >= $event_sessions AND sessions_asked_of_cramps >= $asked_sessions AS has_cramps,
        sessions_with_hypotension >= $event_sessions AND sessions_asked_of_hypotension >= $asked_sessions AS has_hypotension
    FROM sessions
    QUALIFY row_number() OVER (PARTITION BY unit_id ORDER BY started_at DESC, row_id DESC) = 1
),

months AS (SELECT * FROM last_sessions WHERE has_cramps OR has_hypotension),

counted_sessions AS (
    SELECT unit_id, unnest(counted_ids) AS row_id
    FROM months
),

temperatures AS (
    SELECT
        c.unit_id,
        count(*) AS counted_sessions,
        count(s.dialysate_temperature) AS measured_sessions,
        count(*) FILTER (WHERE s.dialysate_temperature >= $warm_from) AS warm_sessions,
        median(s.dialysate_temperature) AS usual_temperature
    FROM counted_sessions AS c
    JOIN sessions AS s USING (row_id)
    GROUP BY c.unit_id
),

judged AS (
    SELECT
        m.*,
        t.* EXCLUDE (unit_id),
        CASE
            WHEN 100 * t.measured_sessions < $measured_percent * t.counted_sessions THEN 'not_evaluable'
            WHEN 100 * t.warm_sessions >= $warm_percent * t.measured_sessions THEN 'finding'
            ELSE 'clear'
        END AS outcome
    FROM months AS m
    JOIN temperatures AS t USING (unit_id)
)

SELECT
    unit_id,
    patient_id,
    started_on AS index_date,
    outcome,
    'low' AS severity,
    CASE outcome
        WHEN 'finding' THEN 'warm dialysate'
        WHEN 'clear' THEN 'cooler dialysate'
        ELSE 'temperature recorded in too few sessions'
    END AS reason,
    CAST(NULL AS DATE) AS active_until,
    list_transform(counted_ids, lambda id: source_row('dialysis_sessions', id)) AS sources,
    counted_from,
    started_on AS last_session,
    $warm_from AS degrees,
    warm_sessions,
    measured_sessions,
    usual_temperature,
    concat_ws(
        ' and ',
        if(has_cramps, concat('cramps in ', sessions_with_cramps, ' of ', sessions_asked_of_cramps), NULL),
        if(has_hypotension, concat('hypotension in ', sessions_with_hypotension, ' of ', sessions_asked_of_hypotension), NULL)
    ) AS trouble
FROM judged
