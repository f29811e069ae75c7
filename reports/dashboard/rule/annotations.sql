-- What the site remarks at days of the last two years of each rule, or of all rules, and since when a version of it is used.
WITH remarks AS (
    SELECT r.rule_id, a.day, a.remark
    FROM audit.rules AS r JOIN audit.annotations AS a ON coalesce(a.rule_id, r.rule_id) = r.rule_id
    UNION ALL
    SELECT
        rule_id, first_as_of AS day,
        'rule version ' || version || ' is used; all months are judged by the version in force' AS remark
    FROM audit.rule_versions
    QUALIFY row_number() OVER (PARTITION BY rule_id ORDER BY first_as_of, first_run) > 1
)

SELECT r.rule_id, r.day, r.remark
FROM remarks AS r CROSS JOIN audit.runs AS n
WHERE r.day BETWEEN n.as_of - 730 AND n.as_of
ORDER BY r.rule_id, r.day, r.remark
