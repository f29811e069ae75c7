-- Parameters in force.
SELECT
    name, default_value, value, unit, chosen_by, why,
    (value IS DISTINCT FROM default_value) AS is_changed
FROM audit.parameters
WHERE rule_id = $rule_id
ORDER BY name
