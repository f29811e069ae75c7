-- Facilities as they may be shown.
SELECT cell AS label, NULL AS remark, *
FROM mart.public_breakdown
WHERE breakdown = 'facility'
ORDER BY rule_id, cell = 'not recorded', cell
