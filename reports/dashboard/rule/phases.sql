-- The phases of the rule's control chart, in order.
SELECT * FROM mart.control_chart WHERE rule_id = $rule_id AND audience = 'public' ORDER BY phase
