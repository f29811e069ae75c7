-- The last 24 months as they may be shown, oldest first.
WITH shown AS (
    SELECT b.*, CAST(b.cell AS DATE) AS month, m.is_over
    FROM mart.public_breakdown AS b
    JOIN mart.rule_month AS m ON b.rule_id = m.rule_id AND CAST(b.cell AS DATE) = m.month
    WHERE b.breakdown = 'month' AND b.rule_id = $rule_id
),

latest AS (
    SELECT * FROM shown ORDER BY month DESC LIMIT 24
)

SELECT strftime(month, '%b %Y') AS label, is_over, * EXCLUDE (month, is_over) FROM latest ORDER BY month
