-- The last 24 points of each rule's control chart, oldest first.
WITH latest AS (
    SELECT * FROM mart.control_point WHERE audience = 'full'
    QUALIFY row_number() OVER (PARTITION BY rule_id ORDER BY place DESC) <= 24
)

SELECT * FROM latest ORDER BY rule_id, place
