-- Who wrote the first prescriptions behind each rule's findings: the fifteen with most, and how much of all they come to. A rate
-- only from 30 judged units on: below, it would rank by chance.
WITH counted AS (
    SELECT
        rule_id, prescriber_id AS label, numerator, denominator,
        CASE WHEN denominator >= 30 THEN rate END AS rate,
        numerator / sum(numerator) OVER (PARTITION BY rule_id) AS share,
        sum(numerator) OVER (PARTITION BY rule_id ORDER BY numerator DESC, prescriber_id)
        / sum(numerator) OVER (PARTITION BY rule_id) AS cumulated
    FROM mart.rule_prescriber WHERE numerator > 0
)

SELECT rule_id, label, numerator, denominator, rate, share, cumulated
FROM counted
QUALIFY row_number() OVER (PARTITION BY rule_id ORDER BY numerator DESC, label) <= 15
ORDER BY rule_id, numerator DESC, label
