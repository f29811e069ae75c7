-- Prolonged courses of oral baclofen that have ended, or in which the dose was cut by half or more, each with how it went.
WITH
courses AS (
    SELECT
        *,
        end_date < $horizon AS has_ended,
        least(end_date, $horizon) - start_date + 1 AS days_taken,
        lead(start_date) OVER (PARTITION BY patient_id ORDER BY start_date) - end_date - 1 AS days_to_restart
    FROM facts.exposures
    WHERE ingredient = 'baclofen' AND route_group = 'oral' AND start_date <= $horizon
),

dose_steps AS (SELECT * FROM facts.dose_steps WHERE start_date <= $horizon),

orders AS (SELECT * FROM facts.prescriptions WHERE ingredient = 'baclofen' AND start_date <= $horizon),

doses_given AS (SELECT * FROM facts.administrations WHERE ingredient = 'baclofen' AND administered_on <= $horizon),

pump_procedures AS (
    SELECT * FROM facts.procedures
    WHERE procedure = 'intrathecal_pump' AND qualifier IN ('implantation', 'drug') AND day <= $horizon
),

encounters AS (SELECT * FROM facts.encounters WHERE started_on <= $horizon),

conditions AS (SELECT * FROM facts.conditions WHERE day <= $horizon),

people AS (SELECT * FROM facts.people),

feeds AS (SELECT * FROM facts.feeds),

prolonged_courses AS (SELECT * FROM courses WHERE days_taken >= $prolonged_days),

steps AS (
    SELECT
        *,
        lag(daily_dose_mg) OVER (PARTITION BY exposure_id ORDER BY step_no) AS dose_before,
        lag(daily_dose_mg IGNORE NULLS) OVER (PARTITION BY exposure_id ORDER BY step_no) AS known_before
    FROM dose_steps
    SEMI JOIN prolonged_courses USING (exposure_id)
),

falls AS (
    SELECT
        later.exposure_id,
        later.start_date AS day,
        later.daily_dose_mg AS to_mg,
        max(earlier.daily_dose_mg) AS from_mg,
        later.start_date - 1 - arg_max(earlier.end_date, (earlier.daily_dose_mg, earlier.end_date)) AS days_apart
    FROM steps AS later
    JOIN steps AS earlier
        ON later.exposure_id = earlier.exposure_id
            AND later.step_no > earlier.step_no
            AND earlier.end_date + 1 >= later.start_date - $cut_days
    -- A dose that is raised again after its fall is no second one.
    WHERE earlier.daily_dose_mg IS NOT NULL AND later.daily_dose_mg < later.known_before
    GROUP BY later.exposure_id, later.start_date, later.daily_dose_mg
),

halvings AS (
    SELECT
        *,
        from_mg - to_mg > $cut_mg AND to_mg >= $lowest_mg AS is_abrupt
    FROM falls
    WHERE 100 * (from_mg - to_mg) >= $cut_percent * from_mg
),

first_halvings AS (
    SELECT exposure_id, min(day) AS halved_on
    FROM halvings
    GROUP BY exposure_id
),

units AS (
    SELECT
        c.*,
        h.halved_on
    FROM prolonged_courses AS c
    LEFT JOIN first_halvings AS h USING (exposure_id)
    WHERE c.has_ended OR h.halved_on IS NOT NULL
),

-- How the end went: the usual dose, the last fortnight, the signs of a taper.

ends AS (
    SELECT
        exposure_id,
        patient_id,
        start_date,
        end_date AS last_day,
        greatest(start_date, end_date - 60) AS usual_from,
        if(start_date > end_date - 60, end_date - 14, end_date - 15) AS usual_to
    FROM units
    WHERE has_ended
),

usual_steps AS (
    SELECT
        e.exposure_id,
        s.step_no,
        s.daily_dose_mg,
        greatest(least(s.end_date, e.usual_to) - greatest(s.start_date, e.usual_from) + 1, 0) AS days
    FROM ends AS e
    JOIN steps AS s USING (exposure_id)
),

ranked_steps AS (
    SELECT
        *,
        sum(days) OVER (PARTITION BY exposure_id ORDER BY daily_dose_mg, step_no) AS days_up_to,
        sum(days) OVER (PARTITION BY exposure_id) AS all_days
    FROM usual_steps
),

-- The median of the days: the mean of the two middle ones, which are the same dose unless the days are even in number.
usual_doses AS (
    SELECT
        exposure_id,
        (
            min(daily_dose_mg) FILTER (WHERE 2 * days_up_to >= all_days)
            + min(daily_dose_mg) FILTER (WHERE 2 * days_up_to > all_days)
        ) / 2 AS plateau_mg
    FROM ranked_steps
    GROUP BY exposure_id
),

last_steps AS (
    SELECT
        e.exposure_id,
        s.daily_dose_mg,
        greatest(s.end_date - greatest(s.start_date, e.last_day - 13) + 1, 0) AS days
    FROM ends AS e
    JOIN steps AS s USING (exposure_id)
),

last_doses AS (
    SELECT
        exposure_id,
        sum(daily_dose_mg * days) / sum(days) AS mean_mg
    FROM last_steps
    GROUP BY exposure_id
),

step_downs AS (
    SELECT
        e.exposure_id,
        count(*) AS step_downs
    FROM ends AS e
    JOIN steps AS s
        ON e.exposure_id = s.exposure_id
            AND s.start_date >= e.last_day - 28
    WHERE s.daily_dose_mg < s.dose_before
    GROUP BY e.exposure_id
),

written_tapers AS (
    SELECT
        e.exposure_id,
        list(source_row('prescriptions', o.row_id)) AS sources
    FROM ends AS e
    JOIN orders AS o
        ON e.patient_id = o.patient_id
            AND o.start_date BETWEEN e.start_date AND e.last_day
            AND o.end_date >= e.last_day - 28
    WHERE o.taper AND o.route_group = 'oral'
    GROUP BY e.exposure_id
),

unknown_doses AS (
    SELECT
        s.exposure_id,
        bool_or(s.daily_dose_mg IS NULL AND (w.exposure_id IS NULL OR s.end_date < e.last_day - 28)) AS is_unknown,
        bool_or(s.daily_dose_mg IS NULL AND s.end_date >= e.last_day - 60) AS is_unknown_at_end
    FROM steps AS s
    LEFT JOIN ends AS e USING (exposure_id)
    LEFT JOIN written_tapers AS w USING (exposure_id)
    GROUP BY s.exposure_id
),

orders_as_needed AS (
    SELECT DISTINCT e.exposure_id
    FROM ends AS e
    JOIN orders AS o
        ON e.patient_id = o.patient_id
            AND o.start_date BETWEEN e.start_date AND e.last_day
            AND o.end_date >= e.last_day - 60
    WHERE o.as_needed AND o.route_group = 'oral'
),

-- Where some was taken as needed: what the fixed part alone would be.
fixed_days AS (
    SELECT
        e.exposure_id,
        e.usual_to,
        e.last_day,
        s.fixed_daily_mg,
        unnest(generate_series(greatest(s.start_date, e.usual_from), s.end_date, INTERVAL 1 DAY)) AS day
    FROM ends AS e
    SEMI JOIN orders_as_needed AS p ON e.exposure_id = p.exposure_id
    JOIN steps AS s ON e.exposure_id = s.exposure_id
),

fixed_doses AS (
    SELECT
        exposure_id,
        median(fixed_daily_mg) FILTER (WHERE day <= usual_to) AS fixed_plateau_mg,
        avg(fixed_daily_mg) FILTER (WHERE day > last_day - 14) AS fixed_mean_mg
    FROM fixed_days
    GROUP BY exposure_id
),

-- What may be the same baclofen, for all that is known.
unknown_routes AS (
    SELECT e.exposure_id, list(source_row('prescriptions', o.row_id)) AS sources
    FROM ends AS e
    JOIN orders AS o
        ON e.patient_id = o.patient_id
            AND o.start_date <= e.last_day + $gap_days
            AND o.end_date > e.last_day
    WHERE o.route_group = 'unknown'
    GROUP BY e.exposure_id
),

-- What happened in the week after the end.

withdrawal_codes AS (
    SELECT * FROM conditions
    WHERE condition IN ('seizure', 'hallucination', 'delirium_confusion', 'withdrawal_baclofen')
),

signs AS (
    SELECT
        e.exposure_id,
        c.day,
        concat(c.name, ' (', c.code, ')') AS wording,
        source_row('diagnoses', c.row_id) AS source
    FROM ends AS e
    JOIN withdrawal_codes AS c
        ON e.patient_id = c.patient_id
            AND c.day BETWEEN e.last_day AND e.last_day + 7
    UNION
    SELECT
        e.exposure_id,
        v.started_on,
        concat(v.class, ' encounter'),
        source_row('encounters', v.row_id)
    FROM ends AS e
    JOIN encounters AS v
        ON e.patient_id = v.patient_id
            AND v.started_on BETWEEN e.last_day + 1 AND e.last_day + 7
    WHERE v.class IN ('emergency', 'inpatient')
),

told_signs AS (
    SELECT
        exposure_id,
        string_agg(DISTINCT concat(wording, ' on ', day), ', ' ORDER BY concat(wording, ' on ', day)) AS signs,
        list(source) AS sources
    FROM signs
    GROUP BY exposure_id
),

-- What excuses an end or a cut.

events AS (
    SELECT exposure_id, patient_id, 'end' AS kind, end_date AS day
    FROM units
    WHERE has_ended
    UNION ALL
    SELECT h.exposure_id, u.patient_id, 'cut', h.day
    FROM halvings AS h
    JOIN units AS u USING (exposure_id)
    WHERE h.is_abrupt
),

-- Without a recorded end a stay is over, at the latest, when the next one begins.
stays AS (
    SELECT
        *,
        coalesce(
            ended_on, lead(started_on) OVER (PARTITION BY patient_id ORDER BY started_on, row_id) - 1, $horizon
        ) AS last_day
    FROM encounters
    SEMI JOIN units USING (patient_id)
    WHERE class = 'inpatient'
),

stays_with_baclofen AS (
    SELECT
        v.patient_id,
        v.started_on,
        -- Nothing tells that it went on after the last baclofen given in it.
        coalesce(v.ended_on, max(g.administered_on)) AS last_day,
        list_prepend(
            source_row('encounters', v.row_id),
            list(source_row('administrations', g.row_id) ORDER BY g.row_id)
        ) AS sources
    FROM stays AS v
    JOIN doses_given AS g
        ON v.patient_id = g.patient_id
            AND g.administered_on BETWEEN v.started_on AND v.last_day
    GROUP BY v.patient_id, v.started_on, v.ended_on, v.row_id
),

switches AS (
    SELECT patient_id, start_date AS day, source_row('prescriptions', row_id) AS source
    FROM orders
    WHERE route_group = 'intrathecal'
    UNION ALL
    SELECT patient_id, administered_on, source_row('administrations', row_id)
    FROM doses_given
    WHERE route_group = 'intrathecal'
    UNION ALL
    SELECT patient_id, day, source_row('procedures', row_id)
    FROM pump_procedures
),

excuses AS (
    SELECT
        e.exposure_id, e.kind, e.day,
        concat('died within 7 days of the ', e.kind) AS reason,
        [source_row('patients', e.patient_id)] AS sources
    FROM events AS e
    JOIN people AS p USING (patient_id)
    WHERE p.death_date <= e.day + 7
    UNION ALL
    SELECT
        e.exposure_id, e.kind, e.day,
        concat('hospice care begun before or within 7 days after the ', e.kind),
        []
    FROM events AS e
    JOIN people AS p USING (patient_id)
    WHERE p.hospice_from <= e.day + 7
    UNION ALL
    SELECT
        e.exposure_id, e.kind, e.day,
        concat('in hospital at the ', e.kind, ', with baclofen given there'),
        s.sources
    FROM events AS e
    JOIN stays_with_baclofen AS s
        ON e.patient_id = s.patient_id
            AND e.day BETWEEN s.started_on AND s.last_day
    UNION ALL
    SELECT
        e.exposure_id, e.kind, e.day,
        'switched to intrathecal baclofen within 30 days',
        [s.source]
    FROM events AS e
    JOIN switches AS s
        ON e.patient_id = s.patient_id
            AND s.day BETWEEN e.day - 30 AND e.day + 30
),

excused_events AS (
    SELECT
        exposure_id, kind, day,
        min(reason) AS reason,
        flatten(list(sources)) AS sources
    FROM excuses
    GROUP BY exposure_id, kind, day
),

excused_courses AS (
    SELECT
        exposure_id,
        any_value(reason) FILTER (WHERE kind = 'end') AS excuse_of_end,
        min(reason) FILTER (WHERE kind = 'cut') AS excuse_of_cut,
        min(day) FILTER (WHERE kind = 'cut') AS excused_cut_on,
        flatten(list(sources)) AS sources
    FROM excused_events
    GROUP BY exposure_id
),

cuts AS (
    SELECT
        h.exposure_id,
        min(h.day) AS cut_on,
        string_agg(
            concat(
                'from ', spoken(h.from_mg), ' to ', spoken(h.to_mg), ' mg/day ',
                CASE h.days_apart
                    WHEN 0 THEN 'in one step'
                    WHEN 1 THEN 'in steps within 1 day'
                    ELSE concat('in steps within ', h.days_apart, ' days')
                END, ' on ', h.day
            ),
            ', and ' ORDER BY h.day
        ) AS cuts
    FROM halvings AS h
    LEFT JOIN excused_events AS x ON h.exposure_id = x.exposure_id AND h.day = x.day AND x.kind = 'cut'
    WHERE h.is_abrupt AND x.exposure_id IS NULL
    GROUP BY h.exposure_id
),

-- One answer a course.

unseen AS (
    SELECT concat(' Not delivered, so not looked at: ', string_agg(feed, ', ' ORDER BY feed), '.') AS not_seen
    FROM feeds
    WHERE feed IN ('administrations', 'diagnoses', 'encounters', 'procedures') AND NOT present
    HAVING count(*) > 0
),

described AS (
    SELECT
        u.*,
        d.plateau_mg,
        l.mean_mg,
        coalesce(n.step_downs, 0) AS step_downs,
        w.sources AS taper_sources,
        f.is_unknown,
        coalesce(f.is_unknown_at_end, FALSE) OR d.plateau_mg IS NULL AS is_unknown_at_end,
        p.exposure_id IS NOT NULL AS is_as_needed_at_end,
        q.fixed_plateau_mg,
        coalesce(
            q.fixed_plateau_mg > $lowest_mg AND 100 * q.fixed_mean_mg >= $abrupt_percent * q.fixed_plateau_mg,
            p.exposure_id IS NULL
        ) AS is_abrupt_when_fixed,
        r.sources AS unknown_route_sources,
        s.signs,
        s.sources AS sign_sources,
        x.excuse_of_end,
        x.excuse_of_cut,
        x.excused_cut_on,
        x.sources AS excuse_sources,
        c.cut_on,
        c.cuts,
        u.end_date + if(u.explicit_stop, $stop_days, $gap_days + $settle_days) AS judged_on,
        $horizon < u.end_date + if(u.explicit_stop, $stop_days, $gap_days + $settle_days) AS is_too_early,
        coalesce(m.not_seen, '') AS not_seen
    FROM units AS u
    LEFT JOIN usual_doses AS d USING (exposure_id)
    LEFT JOIN last_doses AS l USING (exposure_id)
    LEFT JOIN step_downs AS n USING (exposure_id)
    LEFT JOIN written_tapers AS w USING (exposure_id)
    JOIN unknown_doses AS f USING (exposure_id)
    LEFT JOIN orders_as_needed AS p USING (exposure_id)
    LEFT JOIN fixed_doses AS q USING (exposure_id)
    LEFT JOIN unknown_routes AS r USING (exposure_id)
    LEFT JOIN told_signs AS s USING (exposure_id)
    LEFT JOIN excused_courses AS x USING (exposure_id)
    LEFT JOIN cuts AS c USING (exposure_id)
    LEFT JOIN unseen AS m ON TRUE
),

ends_judged AS (
    SELECT
        *,
        CASE
            WHEN NOT has_ended THEN NULL
            WHEN excuse_of_end IS NOT NULL THEN excuse_of_end
            WHEN is_too_early THEN 'too early to tell whether it has ended'
            WHEN taper_sources IS NOT NULL THEN 'tapered: written in the sig'
            WHEN is_unknown_at_end THEN 'dose unknown'
            WHEN plateau_mg < $lowest_mg THEN concat('usual dose below ', $lowest_mg, ' mg/day')
            WHEN 100 * mean_mg <= $taper_percent * plateau_mg
                THEN 'tapered: last two weeks at half the usual dose or less'
            WHEN step_downs >= 2 THEN 'tapered: two or more steps down in the last four weeks'
            WHEN unknown_route_sources IS NOT NULL THEN 'baclofen by an unknown route goes on'
            WHEN 100 * mean_mg >= $abrupt_percent * plateau_mg THEN 'abrupt'
            ELSE 'short taper'
        END AS end_reason
    FROM described
),

ends_weighed AS (
    SELECT
        *,
        coalesce(end_reason IN ('abrupt', 'short taper'), FALSE) AS is_bad_end,
        CASE
            WHEN end_reason = 'short taper' THEN 'low'
            WHEN coalesce(end_reason, '') <> 'abrupt' THEN NULL
            WHEN signs IS NOT NULL THEN 'critical'
            WHEN plateau_mg = $lowest_mg THEN 'low'
            WHEN NOT is_abrupt_when_fixed THEN 'moderate'
            WHEN explicit_stop OR coalesce(fixed_plateau_mg, plateau_mg) >= $high_mg OR days_taken >= $long_days THEN 'high'
            ELSE 'moderate'
        END AS end_severity
    FROM ends_judged
),

judged AS (
    SELECT
        *,
        CASE
            WHEN prn_only THEN 'excluded'
            WHEN is_bad_end OR cuts IS NOT NULL THEN 'finding'
            WHEN excuse_of_end IS NOT NULL THEN 'excluded'
            WHEN has_ended AND is_too_early THEN 'pending'
            WHEN NOT has_ended AND excuse_of_cut IS NOT NULL THEN 'excluded'
            WHEN is_unknown OR end_reason IN ('dose unknown', 'baclofen by an unknown route goes on') THEN 'not_evaluable'
            ELSE 'clear'
        END AS outcome
    FROM ends_weighed
),

worded AS (
    SELECT
        *,
        CASE
            WHEN prn_only THEN 'taken only as needed'
            WHEN is_bad_end AND cuts IS NOT NULL THEN concat(end_reason, ' and abrupt cut')
            WHEN cuts IS NOT NULL THEN 'abrupt cut'
            WHEN end_reason = 'baclofen by an unknown route goes on' THEN end_reason
            WHEN outcome = 'not_evaluable' THEN 'dose unknown'
            ELSE coalesce(end_reason, excuse_of_cut, 'dose cut, but not an abrupt cut')
        END AS reason,
        CASE
            WHEN has_ended AND (is_bad_end OR cuts IS NULL) THEN end_date
            ELSE coalesce(cut_on, excused_cut_on, halved_on)
        END AS index_date,
        if(cuts IS NOT NULL AND coalesce(end_severity, 'low') = 'low', 'moderate', end_severity) AS severity,
        concat(
            if(explicit_stop, ', was stopped by order after ', ', ran out after '), end_date,
            if(end_reason = 'abrupt', ' with no sign of a taper', ' after too short a taper'),
            ' (', spoken(round(mean_mg, 1)), ' mg/day on average in its last 14 days, ',
            spoken(round(100 * mean_mg / plateau_mg)), ' % of its usual dose of ', spoken(plateau_mg), ' mg/day)',
            if(signs IS NULL, '', '; in the week after: '), signs
        ) AS told_end,
        concat(if(is_bad_end, '; before that, the dose fell ', ': the dose fell '), cuts) AS told_cuts
    FROM judged
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    index_date,
    outcome,
    severity,
    reason,
    end_date AS active_until,
    if(has_ended AND index_date = end_date, judged_on, index_date) AS judged_from,
    list_distinct(list_concat(
        list_transform(prescription_ids, lambda id: source_row('prescriptions', id)),
        coalesce(sign_sources, []),
        coalesce(excuse_sources, []),
        if(end_reason = 'baclofen by an unknown route goes on', unknown_route_sources, [])
    )) AS sources,
    coalesce(first_drug_name, 'baclofen') AS drug_name,
    start_date,
    if(has_ended, end_date, NULL) AS last_day,
    days_taken AS length_days,
    explicit_stop,
    plateau_mg,
    round(mean_mg, 1) AS last_mean_mg,
    round(100 * mean_mg / plateau_mg, 1) AS last_percent,
    step_downs,
    taper_sources IS NOT NULL AS is_taper_written,
    cuts,
    signs,
    days_to_restart,
    if(is_as_needed_at_end, ' (partly taken as needed)', '') AS as_needed,
    concat(if(is_bad_end, told_end, ''), if(cuts IS NULL, '', told_cuts)) AS story,
    not_seen
FROM worded
