-- How many units of a rule have a value in a column of their evidence: what a descriptive rule reports, and a rule's rate by
-- drug or product. Only columns that the rule names in its `distribution`, and of each the twenty most frequent values.
-- rule_id: the rule
-- measure: name of the evidence column
-- value: its value as text; `not recorded` where it has none, `other values` for the rarer ones together
-- units: units judged, findings and clear ones together
-- share: units / all units judged of the rule, NULL when none was
-- numerator: findings among them
-- rate: numerator / units, NULL when there is nothing to divide by
-- all_units: units of all five outcomes
WITH counts AS (
    SELECT rule_id, substr(breakdown, 4) AS measure, cell AS value, outcome, units
    FROM mart.outcome_count WHERE starts_with(breakdown, 'by ')
),

summed AS (
    SELECT
        rule_id, measure, value,
        CAST(coalesce(sum(units) FILTER (outcome IN ('finding', 'clear')), 0) AS BIGINT) AS units,
        CAST(coalesce(sum(units) FILTER (outcome = 'finding'), 0) AS BIGINT) AS numerator,
        CAST(sum(units) AS BIGINT) AS all_units
    FROM counts
    GROUP BY rule_id, measure, value
)

SELECT
    rule_id, measure, value, units,
    units / nullif(sum(units) OVER (PARTITION BY rule_id, measure), 0) AS share,
    numerator,
    numerator / nullif(units, 0) AS rate,
    all_units
FROM summed
