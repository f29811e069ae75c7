-- One finding with its life from run to run.
-- finding_id: the finding's own id, the same in every run
-- rule_id: the rule
-- rule_version: the rule's version when the finding was last seen
-- patient_id: the patient
-- unit_id: what was counted
-- index_date: the day the criterion was first met
-- severity: critical, high, moderate, low or info
-- open: whether someone can still act on it; never so for rules that give rates only
-- first_seen_run: the run that found it first
-- last_seen_run: the last run in which the rule found it
-- state: new, persisting, reopened, resolved or exempt
-- resolved_reason: why it is no longer open: stopped, expired, died, left, feed_missing, rule_changed or data_corrected
-- facility_id: where the first prescription behind it was written
-- prescriber_id: who wrote the first prescription behind it
-- reason: the rule's reason
-- message: the finding in one sentence
-- evidence: the columns that the rule gives as evidence (JSON)
WITH rules AS (
    SELECT
        rule_id, version, run_status, horizon, act_within, kind NOT IN ('documentation', 'descriptive') AS is_listed
    FROM audit.rules
),

results AS (
    SELECT * FROM audit.results
),

earlier AS (
    SELECT * FROM audit.previous_findings
),

found AS (
    SELECT
        left(md5(r.rule_id || '|' || r.unit_id), 16) AS finding_id, r.*, u.version AS rule_version,
        coalesce(r.active_until < u.horizon, FALSE) AS has_stopped,
        u.is_listed AND NOT r.open AS is_over,
        p.death_date IS NOT NULL AND (
            r.active_until >= u.horizon OR coalesce(r.judged_from, r.index_date) + u.act_within >= u.horizon
        ) AS has_died
    FROM results AS r
    JOIN rules AS u USING (rule_id)
    LEFT JOIN facts.people AS p USING (patient_id)
    WHERE r.outcome = 'finding'
),

present AS (
    SELECT
        f.finding_id, f.rule_id, f.rule_version, f.patient_id, f.unit_id, f.index_date, f.severity, f.open,
        coalesce(e.first_seen_run, $run_id) AS first_seen_run, $run_id AS last_seen_run,
        CASE
            WHEN f.is_over THEN 'resolved'
            WHEN e.finding_id IS NULL THEN 'new'
            WHEN e.state = 'resolved' THEN 'reopened'
            ELSE 'persisting'
        END AS state,
        CASE
            WHEN NOT f.is_over THEN NULL
            WHEN f.has_died THEN 'died'
            WHEN f.has_stopped THEN 'stopped'
            ELSE 'expired'
        END AS resolved_reason,
        f.facility_id, f.prescriber_id, f.reason, f.message, f.evidence
    FROM found AS f LEFT JOIN earlier AS e USING (finding_id)
),

gone AS (
    SELECT
        CASE -- noqa: LT02
            WHEN e.state = 'resolved' THEN e.resolved_reason
            WHEN u.run_status = 'not_run' THEN 'feed_missing'
            WHEN p.patient_id IS NULL THEN 'left'
            WHEN p.death_date IS NOT NULL AND r.outcome = 'excluded' THEN 'died'
            WHEN u.version IS DISTINCT FROM e.rule_version THEN 'rule_changed'
            ELSE 'data_corrected'
        END AS resolved_reason,
        e.finding_id,
        e.rule_id,
        e.rule_version,
        e.patient_id,
        e.unit_id,
        e.index_date,
        e.severity,
        FALSE AS open,
        e.first_seen_run,
        e.last_seen_run,
        'resolved' AS state,
        e.facility_id, e.prescriber_id, e.reason, e.message, e.evidence
    FROM earlier AS e
    LEFT JOIN rules AS u USING (rule_id)
    LEFT JOIN facts.people AS p USING (patient_id)
    LEFT JOIN results AS r ON e.rule_id = r.rule_id AND e.unit_id = r.unit_id
    WHERE e.finding_id NOT IN (SELECT finding_id FROM found)
)

SELECT * FROM present
UNION ALL BY NAME
SELECT * FROM gone
