-- What the site remarks at days of the last two years of the rule, or of all rules.
SELECT day, remark
FROM audit.annotations CROSS JOIN audit.runs
WHERE coalesce(rule_id, $rule_id) = $rule_id AND day BETWEEN as_of - 730 AND as_of
ORDER BY day, remark
