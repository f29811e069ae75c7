-- The rate of a rule under one setting as the run before showed it; the columns are those of mart.public_rule_sensitivity.
SELECT
    NULL::VARCHAR AS rule_id,
    NULL::INTEGER AS setting,
    NULL::VARCHAR AS row_parameter,
    NULL::VARCHAR AS row_value,
    NULL::VARCHAR AS column_parameter,
    NULL::VARCHAR AS column_value,
    NULL::BOOLEAN AS in_force,
    NULL::DOUBLE AS rate,
    NULL::VARCHAR AS shown
WHERE FALSE
