-- Groups of prescribers with shown findings, those with most first, and how much of all shown findings they come to. A rate only
-- from 30 judged units on: below, it would rank by chance.
WITH counted AS (
    SELECT
        rule_id, cell AS label, numerator, denominator,
        CASE WHEN denominator >= 30 THEN rate END AS rate,
        numerator / sum(numerator) OVER (PARTITION BY rule_id) AS share,
        sum(numerator) OVER (PARTITION BY rule_id ORDER BY numerator DESC, cell)
        / sum(numerator) OVER (PARTITION BY rule_id) AS cumulated
    FROM mart.public_breakdown WHERE breakdown = 'group' AND numerator > 0
)

SELECT rule_id, label, numerator, denominator, rate, share, cumulated FROM counted ORDER BY rule_id, numerator DESC, label
