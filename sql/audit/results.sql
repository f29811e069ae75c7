-- One unit of one rule with its one outcome, after the exclusions that hold for every rule.
-- rule_id: the rule
-- unit_id: what was counted; the same in every run
-- patient_id: the patient
-- index_date: the day the unit first meets, or could first meet, the criterion
-- outcome: finding, clear, excluded, not_evaluable or pending
-- severity: critical, high, moderate, low or info; only for a finding
-- reason: why the outcome is what it is
-- facility_id: where the first prescription behind the unit was written, else the patient's own
-- prescriber_id: who wrote the first prescription behind the unit
-- evidence: the columns that the rule gives as evidence (JSON)
-- message: the finding in one sentence; only for a finding
-- active_until: the last day of the exposure judged, if the unit has one
-- judged_from: the first day on which the unit could be judged, where that is later than the index date
-- open: whether someone can still act on the finding; never so once the patient has died, or for rules that give rates only
-- sources: the source rows behind the unit
WITH decided AS (
    SELECT * FROM audit.decided
),

rules AS (
    SELECT
        rule_id, excludes_hospice, act_within, horizon, kind NOT IN ('documentation', 'descriptive') AS is_listed
    FROM audit.rules
),

people AS (
    SELECT patient_id, birth_date, death_date, hospice_from, facility_id FROM facts.people
),

orders AS (
    SELECT row_id, start_date, facility_id, prescriber_id FROM facts.prescriptions
),

named_rows AS (
    SELECT rule_id, unit_id, unnest(sources) AS source FROM decided
),

first_orders AS (
    SELECT
        n.rule_id, n.unit_id,
        arg_min(coalesce(o.facility_id, ''), row(o.start_date, o.row_id)) AS facility_id,
        arg_min(coalesce(o.prescriber_id, ''), row(o.start_date, o.row_id)) AS prescriber_id
    FROM named_rows AS n
    JOIN orders AS o ON n.source.row_id = o.row_id
    WHERE n.source.feed = 'prescriptions'
    GROUP BY n.rule_id, n.unit_id
),

judged AS (
    SELECT
        d.*, r.act_within, r.horizon, r.is_listed,
        p.hospice_from <= d.index_date AS in_hospice,
        p.death_date IS NOT NULL AS has_died,
        coalesce(nullif(w.facility_id, ''), p.facility_id) AS facility_id, nullif(w.prescriber_id, '') AS prescriber_id,
        CASE
            WHEN age_on(p.birth_date, d.index_date) < 18 THEN 'under 18'
            WHEN p.death_date < d.index_date THEN 'died before the index date'
            WHEN p.hospice_from <= d.index_date AND r.excludes_hospice THEN 'hospice or palliative care'
        END AS exclusion
    FROM decided AS d
    JOIN rules AS r USING (rule_id)
    LEFT JOIN people AS p USING (patient_id)
    LEFT JOIN first_orders AS w ON d.rule_id = w.rule_id AND d.unit_id = w.unit_id
),

settled AS (
    SELECT
        * EXCLUDE (outcome, reason),
        CASE WHEN exclusion IS NULL THEN outcome ELSE 'excluded' END AS outcome,
        coalesce(exclusion, reason) AS reason
    FROM judged
)

SELECT
    rule_id, unit_id, patient_id, index_date, outcome,
    CASE WHEN outcome = 'finding' THEN CASE WHEN in_hospice THEN 'info' ELSE severity END END AS severity,
    reason, facility_id, prescriber_id, evidence,
    CASE WHEN outcome = 'finding' THEN message END AS message,
    active_until,
    judged_from,
    coalesce(
        outcome = 'finding' AND is_listed AND NOT has_died
        AND (active_until >= horizon OR coalesce(judged_from, index_date) + act_within >= horizon), FALSE
    ) AS open,
    sources
FROM settled
