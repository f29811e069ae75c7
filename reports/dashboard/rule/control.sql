-- The last 24 points of the rule's control chart, oldest first.
WITH latest AS (
    SELECT * FROM mart.control_point WHERE rule_id = $rule_id AND audience = 'public' ORDER BY place DESC LIMIT 24
)

SELECT * FROM latest ORDER BY place
