-- One month of a rule as a point of its control chart, before limits are drawn; once with every count, for the worklist and
-- for analysts, and once with what may be shown on a shareable page.
-- rule_id: the rule
-- audience: full or public
-- month: first day of the month
-- numerator: findings; NULL when hidden
-- denominator: findings and clear units; NULL when either is hidden
-- status: shown, hidden (small or withheld for the sake of a small one), provisional, or nothing judged
-- is_provisional: whether the month may still change, hidden or not: it was not over when it was judged, or units of it are
-- pending. Where the public may not know whether any are, it is for as long as they could be (mart.disclosure)
WITH months AS (
    SELECT m.rule_id, m.month, m.is_over, m.numerator, m.denominator, m.pending
    FROM mart.rule_month AS m
    JOIN audit.rules AS r USING (rule_id)
    WHERE r.kind <> 'descriptive'
),

policy AS (
    SELECT settle_days FROM mart.disclosure
),

publications AS (
    SELECT rule_id, horizon FROM mart.publication
),

pending_units AS (
    SELECT rule_id, CAST(cell AS DATE) AS month, units, status
    FROM mart.public_cell WHERE breakdown = 'month' AND outcome = 'pending'
),

cells AS (
    SELECT rule_id, CAST(cell AS DATE) AS month, numerator, denominator
    FROM mart.public_breakdown WHERE breakdown = 'month'
),

series AS (
    SELECT rule_id, 'full' AS audience, month, NOT is_over OR pending > 0 AS is_provisional, numerator, denominator FROM months
    UNION ALL
    SELECT
        rule_id, 'public', c.month,
        coalesce(last_day(c.month) > b.horizon, TRUE)
        OR CASE u.status
            WHEN 'shown' THEN u.units > 0
            WHEN 'small' THEN TRUE
            ELSE last_day(c.month) > b.horizon - p.settle_days
        END,
        c.numerator, c.denominator
    FROM cells AS c
    SEMI JOIN months USING (rule_id, month)
    JOIN pending_units AS u USING (rule_id, month)
    JOIN publications AS b USING (rule_id)
    CROSS JOIN policy AS p
)

SELECT
    rule_id, audience, month, numerator, denominator,
    CASE
        WHEN denominator IS NULL THEN 'hidden'
        WHEN is_provisional THEN 'provisional'
        WHEN denominator = 0 THEN 'nothing judged'
        ELSE 'shown'
    END AS status,
    is_provisional
FROM series
