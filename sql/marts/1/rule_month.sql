-- The five outcomes of a rule in one month of index date; a month without a unit is there with zeros.
-- rule_id: the rule
-- month: first day of the month
-- is_over: whether the month had ended at the rule's horizon; a month that had not may still grow
-- units: units of all five outcomes
-- numerator: findings
-- denominator: findings and clear units
-- rate: numerator / denominator, NULL when there is nothing to divide by
-- clear: units judged and clear
-- excluded: units excluded, each for a reason
-- not_evaluable: units that could not be judged for want of data
-- pending: units whose follow-up is not long enough yet
WITH counts AS (
    SELECT c.rule_id, CAST(c.cell AS DATE) AS month, c.outcome, c.units, r.horizon
    FROM mart.outcome_count AS c JOIN audit.rules AS r USING (rule_id)
    WHERE c.breakdown = 'month'
)

SELECT
    rule_id,
    month,
    coalesce(last_day(month) <= any_value(horizon), FALSE) AS is_over,
    CAST(sum(units) AS BIGINT) AS units,
    CAST(sum(units) FILTER (outcome = 'finding') AS BIGINT) AS numerator,
    CAST(sum(units) FILTER (outcome IN ('finding', 'clear')) AS BIGINT) AS denominator,
    numerator / nullif(denominator, 0) AS rate,
    CAST(sum(units) FILTER (outcome = 'clear') AS BIGINT) AS clear,
    CAST(sum(units) FILTER (outcome = 'excluded') AS BIGINT) AS excluded,
    CAST(sum(units) FILTER (outcome = 'not_evaluable') AS BIGINT) AS not_evaluable,
    CAST(sum(units) FILTER (outcome = 'pending') AS BIGINT) AS pending
FROM counts
GROUP BY rule_id, month
