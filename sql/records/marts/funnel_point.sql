-- One facility on a rule's funnel plot. A facility whose counts are hidden has no row for the public.
-- rule_id: the rule
-- audience: full or public
-- facility_id: the facility
-- numerator: findings
-- denominator: findings and clear units, above 0
-- value: share of findings, 0 to 1
-- rate: the common share of all facilities shown
-- phi: over-dispersion, 1 when chance explains the spread
-- warning_low: lower 95 % limit
-- warning_high: upper 95 % limit
-- alarm_low: lower 99.8 % limit
-- alarm_high: upper 99.8 % limit
-- verdict: within, warning high or low, alarm high or low, or underpowered (fewer than 30 judged units, or fewer
-- than 5 findings or clear units to be expected: not judged)
SELECT
    NULL::VARCHAR AS rule_id,
    NULL::VARCHAR AS audience,
    NULL::VARCHAR AS facility_id,
    NULL::BIGINT AS numerator,
    NULL::BIGINT AS denominator,
    NULL::DOUBLE AS value,
    NULL::DOUBLE AS rate,
    NULL::DOUBLE AS phi,
    NULL::DOUBLE AS warning_low,
    NULL::DOUBLE AS warning_high,
    NULL::DOUBLE AS alarm_low,
    NULL::DOUBLE AS alarm_high,
    NULL::VARCHAR AS verdict
WHERE FALSE
