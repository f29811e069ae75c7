-- One rule with its five outcomes. A rule that was not run has no numbers, only the reason.
-- rule_id: the rule
-- position: its place in lists
-- pack: the rule's pack
-- companion: whether the rule is beyond the guideline, and so no part of headline rates
-- title: the rule's title
-- kind: safety, signal, value, documentation or descriptive
-- version: version of the rule
-- run_status: run or not_run
-- not_run_reason: why it was not run
-- horizon: the day after which nothing was judged
-- units: units of all five outcomes
-- numerator: findings
-- denominator: findings and clear units
-- rate: numerator / denominator, NULL when there is nothing to divide by
-- clear: units judged and clear
-- excluded: units excluded, each for a reason
-- not_evaluable: units that could not be judged for want of data
-- pending: units whose follow-up is not long enough yet
WITH rules AS (
    SELECT rule_id, position, pack, companion, title, kind, version, run_status, not_run_reason, horizon FROM audit.rules
),

counts AS (
    SELECT rule_id, outcome, units FROM mart.outcome_count WHERE breakdown = 'all'
),

totals AS (
    SELECT
        rule_id,
        CAST(sum(units) AS BIGINT) AS units,
        CAST(sum(units) FILTER (outcome = 'finding') AS BIGINT) AS numerator,
        CAST(sum(units) FILTER (outcome IN ('finding', 'clear')) AS BIGINT) AS denominator,
        numerator / nullif(denominator, 0) AS rate,
        CAST(sum(units) FILTER (outcome = 'clear') AS BIGINT) AS clear,
        CAST(sum(units) FILTER (outcome = 'excluded') AS BIGINT) AS excluded,
        CAST(sum(units) FILTER (outcome = 'not_evaluable') AS BIGINT) AS not_evaluable,
        CAST(sum(units) FILTER (outcome = 'pending') AS BIGINT) AS pending
    FROM counts GROUP BY rule_id
)

SELECT
    r.rule_id, r.position, r.pack, r.companion, r.title, r.kind, r.version, r.run_status, r.not_run_reason, r.horizon,
    t.units, t.numerator, t.denominator, t.rate, t.clear, t.excluded, t.not_evaluable, t.pending
FROM rules AS r LEFT JOIN totals AS t USING (rule_id)
