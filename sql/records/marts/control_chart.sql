-- One phase of a rule's control chart: from the first month, or from a rebase, to the next rebase. Limits are locked once
-- they rest on 12 points: the same kind of chart and the same numbers are used night after night until the site file asks for
-- a rebase, or the rule gets a new major version, by which all months are judged anew.
-- rule_id: the rule
-- audience: full or public
-- phase: 1, 2, 3 ...
-- method: xmr, p' (large or uneven denominators), g (units between rare findings), t (days between rare findings), or none (no
-- limits for monthly rates); found in every count, for both audiences
-- rule_set: name, version and lengths of the rules that signals follow
-- baseline_from: first day of the first point that the limits rest on
-- baseline_to: the same of the last such point
-- baseline_points: how many points they rest on
-- is_trial: whether they are fewer than 12, so that the limits still move
-- centre: what is expected: a share from 0 to 1; for g the mean of the units between findings, for t that of the days to the
-- power of 1/3.6
-- spread: sigma, for t on the scale of the centre; for p' how much wider than binomial chance
-- locked_by: the run that locked the limits, NULL while they are on trial
-- rebased_because: why the phase has limits of its own: the reason of a rebase, or of the first phase a new major version of the
-- rule; NULL when the first phase has none
-- rule_version: version of the rule for which they were locked
-- state: worse, better or steady at the latest final point of the phase; too few points; too few to judge (fewer than 5
-- findings or clear units in a month on average, or too many months hidden); rare (charted in the worklist only)
-- said: the state in words
SELECT
    NULL::VARCHAR AS rule_id,
    NULL::VARCHAR AS audience,
    NULL::INTEGER AS phase,
    NULL::VARCHAR AS method,
    NULL::VARCHAR AS rule_set,
    NULL::DATE AS baseline_from,
    NULL::DATE AS baseline_to,
    NULL::INTEGER AS baseline_points,
    NULL::BOOLEAN AS is_trial,
    NULL::DOUBLE AS centre,
    NULL::DOUBLE AS spread,
    NULL::VARCHAR AS locked_by,
    NULL::VARCHAR AS rebased_because,
    NULL::VARCHAR AS rule_version,
    NULL::VARCHAR AS state,
    NULL::VARCHAR AS said
WHERE FALSE
