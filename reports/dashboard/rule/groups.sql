-- Groups of prescribers with shown findings, those with most first, and how much of all shown findings they come to.
WITH counted AS (
    SELECT
        cell AS label, numerator, rate,
        numerator / sum(numerator) OVER () AS share,
        sum(numerator) OVER (ORDER BY numerator DESC, cell) / sum(numerator) OVER () AS cumulated
    FROM mart.public_breakdown WHERE breakdown = 'group' AND rule_id = $rule_id AND numerator > 0
)

SELECT label, numerator, rate, share, cumulated FROM counted ORDER BY numerator DESC, label
