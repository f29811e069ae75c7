-- One parameter with the value in force.
-- rule_id: the rule; NULL for a parameter of the facts, which rules share
-- name: the parameter
-- default_value: value when a site chooses none
-- value: value in force
-- unit: unit
-- chosen_by: who chose the value in force
-- why: why
SELECT
    NULL::VARCHAR AS rule_id,
    NULL::VARCHAR AS name,
    NULL::VARCHAR AS default_value,
    NULL::VARCHAR AS value,
    NULL::VARCHAR AS unit,
    NULL::VARCHAR AS chosen_by,
    NULL::VARCHAR AS why
WHERE FALSE
