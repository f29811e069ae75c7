-- Each facility's outcomes under every rule that counted a unit there, with everybody's rate and where it lies in the funnel.
WITH here AS (
    SELECT p.page, b.*
    FROM mart.public_breakdown AS b JOIN mart.facility_page AS p ON b.cell = p.facility_id
    WHERE b.breakdown = 'facility'
),

verdicts AS (
    SELECT rule_id, facility_id AS cell, verdict FROM mart.funnel_point WHERE audience = 'public'
)

SELECT h.*, s.title, s.kind, s.companion, s.rate AS overall_rate, v.verdict
FROM here AS h
JOIN mart.public_rule_summary AS s USING (rule_id)
LEFT JOIN verdicts AS v USING (rule_id, cell)
ORDER BY h.page, s.position
