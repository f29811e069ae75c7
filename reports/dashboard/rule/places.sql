-- Facilities as they may be shown.
SELECT cell AS label, TRUE AS is_over, *
FROM mart.public_breakdown
WHERE breakdown = 'facility' AND rule_id = $rule_id
ORDER BY cell = 'not recorded', cell
