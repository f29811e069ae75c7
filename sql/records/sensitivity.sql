-- How many units of a rule would have an outcome if a parameter, or two, had other values. Every outcome has a row, so that
-- a zero is a number and not a gap.
-- rule_id: the rule
-- setting: number of the setting, row by row
-- row_parameter: the parameter that is varied
-- row_value: its value
-- column_parameter: a second parameter that is varied with it; NULL when there is none
-- column_value: its value
-- in_force: whether the rule was run with these values
-- outcome: finding, clear, excluded, not_evaluable or pending
-- units: number of units
-- patients: number of different patients among them
SELECT
    NULL::VARCHAR AS rule_id,
    NULL::INTEGER AS setting,
    NULL::VARCHAR AS row_parameter,
    NULL::VARCHAR AS row_value,
    NULL::VARCHAR AS column_parameter,
    NULL::VARCHAR AS column_value,
    NULL::BOOLEAN AS in_force,
    NULL::VARCHAR AS outcome,
    NULL::BIGINT AS units,
    NULL::BIGINT AS patients
WHERE FALSE
