-- The facilities on each rule's funnel plot.
SELECT * FROM mart.funnel_point WHERE audience = 'full' ORDER BY rule_id, denominator DESC, facility_id
