-- One point of a control chart with its limits and signals.
-- rule_id: the rule
-- audience: full or public
-- phase: phase of the chart
-- place: number of the point, from the left
-- day: first day of the month; for g and t the day of the finding
-- numerator: findings; NULL when hidden
-- denominator: findings and clear units; NULL when hidden
-- status: shown, hidden, provisional or nothing judged; only shown points have limits looked at
-- value: share from 0 to 1, or units or days between findings; NULL when hidden or nothing was judged
-- centre: expected value; for g the median
-- lower: lower limit
-- upper: upper limit
-- signals: the rules that the point breaks, by name; empty when it breaks none
SELECT
    NULL::VARCHAR AS rule_id,
    NULL::VARCHAR AS audience,
    NULL::INTEGER AS phase,
    NULL::INTEGER AS place,
    NULL::DATE AS day,
    NULL::BIGINT AS numerator,
    NULL::BIGINT AS denominator,
    NULL::VARCHAR AS status,
    NULL::DOUBLE AS value,
    NULL::DOUBLE AS centre,
    NULL::DOUBLE AS lower,
    NULL::DOUBLE AS upper,
    NULL::VARCHAR[] AS signals
WHERE FALSE
