-- The last 24 months as they may be shown, oldest first. A rule that only describes has no series, and no provisional rate.
WITH series AS (
    SELECT rule_id, month, is_provisional FROM mart.control_series WHERE audience = 'public'
),

shown AS (
    SELECT
        b.*, CAST(b.cell AS DATE) AS month,
        CASE WHEN NOT m.is_over THEN 'not over yet' WHEN s.is_provisional THEN 'provisional' END AS remark
    FROM mart.public_breakdown AS b
    JOIN mart.rule_month AS m ON b.rule_id = m.rule_id AND CAST(b.cell AS DATE) = m.month
    LEFT JOIN series AS s ON m.rule_id = s.rule_id AND m.month = s.month
    WHERE b.breakdown = 'month'
),

latest AS (
    SELECT * FROM shown QUALIFY row_number() OVER (PARTITION BY rule_id ORDER BY month DESC) <= 24
)

SELECT strftime(month, '%b %Y') AS label, * EXCLUDE (month) FROM latest ORDER BY rule_id, month
