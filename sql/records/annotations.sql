-- One remark of the site at a day of a rule's charts.
-- rule_id: the rule; NULL for every rule
-- day: the day
-- remark: what the site says
SELECT
    NULL::VARCHAR AS rule_id,
    NULL::DATE AS day,
    NULL::VARCHAR AS remark
WHERE FALSE
