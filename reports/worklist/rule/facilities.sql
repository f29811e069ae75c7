-- The facilities on the rule's funnel plot.
SELECT * FROM mart.funnel_point WHERE rule_id = $rule_id AND audience = 'full' ORDER BY denominator DESC, facility_id
