-- Associated conditions as they may be shown.
SELECT cell AS label, NULL AS remark, *
FROM mart.public_breakdown
WHERE breakdown = 'association'
ORDER BY
    rule_id,
    list_position(
        [
            'none on record', 'dialysis', 'cirrhosis', 'pregnancy', 'lumbar stenosis', 'peripheral arterial disease'
        ], cell
    )
