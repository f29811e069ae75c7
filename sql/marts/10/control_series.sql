-- One month of a rule as a point of its control chart, before limits are drawn; once with every count, for the worklist and
-- for analysts, and once with what may be shown on a shareable page.
-- rule_id: the rule
-- audience: full or public
-- month: first day of the month
-- numerator: findings; NULL when hidden
-- denominator: findings and clear units; NULL when either is hidden
-- status: shown, hidden (small or withheld for the sake of a small one), provisional (the month may still grow, or units of it
-- are pending), or nothing judged
WITH months AS (
    SELECT m.rule_id, m.month, m.is_over, m.numerator, m.denominator, m.pending
    FROM mart.rule_month AS m
    JOIN audit.rules AS r USING (rule_id)
    WHERE r.kind <> 'descriptive'
),

cells AS (
    SELECT rule_id, CAST(cell AS DATE) AS month, numerator, denominator, pending
    FROM mart.public_breakdown WHERE breakdown = 'month'
),

series AS (
    SELECT rule_id, 'full' AS audience, month, is_over AND pending = 0 AS is_final, numerator, denominator FROM months
    UNION ALL
    SELECT rule_id, 'public', c.month, m.is_over AND coalesce(c.pending = 0, FALSE), c.numerator, c.denominator
    FROM cells AS c JOIN months AS m USING (rule_id, month)
)

SELECT
    rule_id, audience, month, numerator, denominator,
    CASE
        WHEN denominator IS NULL THEN 'hidden'
        WHEN NOT is_final THEN 'provisional'
        WHEN denominator = 0 THEN 'nothing judged'
        ELSE 'shown'
    END AS status
FROM series
