-- The rate of a rule if a parameter, or two, had other values.
-- rule_id: the rule
-- setting: number of the setting, row by row
-- row_parameter: the parameter that is varied
-- row_value: its value
-- column_parameter: a second parameter that is varied with it; NULL when there is none
-- column_value: its value
-- in_force: whether the rule was run with these values
-- units: units of all five outcomes
-- numerator: findings
-- denominator: findings and clear units
-- rate: numerator / denominator, NULL when there is nothing to divide by
-- clear: units judged and clear
-- excluded: units excluded, each for a reason
-- not_evaluable: units that could not be judged for want of data
-- pending: units whose follow-up is not long enough yet
WITH counts AS (
    SELECT rule_id, setting, row_parameter, row_value, column_parameter, column_value, in_force, outcome, units
    FROM audit.sensitivity
)

SELECT
    rule_id, setting, row_parameter, row_value, column_parameter, column_value, in_force,
    CAST(sum(units) AS BIGINT) AS units,
    CAST(sum(units) FILTER (outcome = 'finding') AS BIGINT) AS numerator,
    CAST(sum(units) FILTER (outcome IN ('finding', 'clear')) AS BIGINT) AS denominator,
    numerator / nullif(denominator, 0) AS rate,
    CAST(sum(units) FILTER (outcome = 'clear') AS BIGINT) AS clear,
    CAST(sum(units) FILTER (outcome = 'excluded') AS BIGINT) AS excluded,
    CAST(sum(units) FILTER (outcome = 'not_evaluable') AS BIGINT) AS not_evaluable,
    CAST(sum(units) FILTER (outcome = 'pending') AS BIGINT) AS pending
FROM counts
GROUP BY ALL
