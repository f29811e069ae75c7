-- The five outcomes of a rule for one age band and sex.
-- rule_id: the rule
-- age_band: age on the index date, in bands
-- sex: female, male, other or unknown
-- units: units of all five outcomes
-- numerator: findings
-- denominator: findings and clear units
-- rate: numerator / denominator, NULL when there is nothing to divide by
-- clear: units judged and clear
-- excluded: units excluded, each for a reason
-- not_evaluable: units that could not be judged for want of data
-- pending: units whose follow-up is not long enough yet
WITH counts AS (
    SELECT rule_id, cell, outcome, units FROM mart.outcome_count WHERE breakdown = 'stratum'
)

SELECT
    rule_id,
    split_part(cell, '|', 1) AS age_band,
    split_part(cell, '|', 2) AS sex,
    CAST(sum(units) AS BIGINT) AS units,
    CAST(sum(units) FILTER (outcome = 'finding') AS BIGINT) AS numerator,
    CAST(sum(units) FILTER (outcome IN ('finding', 'clear')) AS BIGINT) AS denominator,
    numerator / nullif(denominator, 0) AS rate,
    CAST(sum(units) FILTER (outcome = 'clear') AS BIGINT) AS clear,
    CAST(sum(units) FILTER (outcome = 'excluded') AS BIGINT) AS excluded,
    CAST(sum(units) FILTER (outcome = 'not_evaluable') AS BIGINT) AS not_evaluable,
    CAST(sum(units) FILTER (outcome = 'pending') AS BIGINT) AS pending
FROM counts
GROUP BY rule_id, cell
