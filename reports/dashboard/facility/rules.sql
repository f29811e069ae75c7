-- The facility's outcomes under every rule that counted a unit there, with everybody's rate and where it lies in the funnel.
WITH facility AS (
    SELECT facility_id FROM mart.facility_page WHERE page = $page
),

here AS (
    SELECT b.* FROM mart.public_breakdown AS b JOIN facility AS f ON b.cell = f.facility_id WHERE b.breakdown = 'facility'
),

verdicts AS (
    SELECT p.rule_id, p.verdict FROM mart.funnel_point AS p JOIN facility USING (facility_id) WHERE p.audience = 'public'
)

SELECT h.*, s.title, s.kind, s.companion, s.rate AS overall_rate, v.verdict
FROM here AS h
JOIN mart.public_rule_summary AS s USING (rule_id)
LEFT JOIN verdicts AS v USING (rule_id)
ORDER BY s.position
