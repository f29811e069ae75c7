-- The phases of each rule's control chart, in order.
SELECT * FROM mart.control_chart WHERE audience = 'public' ORDER BY rule_id, phase
