-- What the site remarks at days of the last two years of the rule, or of all rules, and since when a version of the rule is used.
WITH remarks AS (
    SELECT day, remark FROM audit.annotations WHERE coalesce(rule_id, $rule_id) = $rule_id
    UNION ALL
    SELECT first_as_of AS day, 'rule version ' || version || ' is used; all months are judged by the version in force' AS remark
    FROM audit.rule_versions WHERE rule_id = $rule_id
    QUALIFY row_number() OVER (ORDER BY first_as_of, first_run) > 1
)

SELECT r.day, r.remark
FROM remarks AS r CROSS JOIN audit.runs AS n
WHERE r.day BETWEEN n.as_of - 730 AND n.as_of
ORDER BY r.day, r.remark
