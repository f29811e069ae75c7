-- How many units of a rule have an outcome for one reason.
-- rule_id: the rule
-- outcome: finding, clear, excluded, not_evaluable or pending
-- reason: the rule's reason, in its own words
-- units: number of units
-- patients: number of different patients among them
WITH results AS (
    SELECT rule_id, outcome, coalesce(reason, 'no reason given') AS reason, patient_id FROM audit.results
)

SELECT
    rule_id, outcome, reason,
    count(*) AS units,
    count(DISTINCT patient_id) AS patients
FROM results
GROUP BY rule_id, outcome, reason
