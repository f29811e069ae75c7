-- Associated conditions as they may be shown.
SELECT cell AS label, TRUE AS is_over, *
FROM mart.public_breakdown
WHERE breakdown = 'association' AND rule_id = $rule_id
ORDER BY
    list_position(
        [
            'none on record', 'dialysis', 'cirrhosis', 'pregnancy', 'lumbar stenosis', 'peripheral arterial disease'
        ], cell
    )
