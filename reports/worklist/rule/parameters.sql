-- Parameters in force: each rule's own, then those of the facts that it rests on.
SELECT
    r.rule_id, p.name, p.default_value, p.value, p.unit, p.chosen_by, p.why,
    p.rule_id IS NULL AS is_shared,
    (p.value IS DISTINCT FROM p.default_value) AS is_changed
FROM audit.parameters AS p
JOIN audit.rules AS r ON p.rule_id = r.rule_id OR (p.rule_id IS NULL AND list_contains(r.shared_parameters, p.name))
ORDER BY r.rule_id, is_shared, p.name
