-- One phase of a rule's control chart: from the first month, or from a rebase, to the next rebase. Limits are locked once
-- they rest on 12 points: the same numbers are used night after night until the site file asks for a rebase, or the rule
-- gets a new major version.
-- rule_id: the rule
-- audience: full or public
-- phase: 1, 2, 3 ...
-- method: xmr, p' (large denominators), g (units between rare findings), t (days between rare findings), or none (too few)
-- rule_set: name, version and lengths of the rules that signals follow
-- baseline_from: first day of the first point that the limits rest on
-- baseline_to: the same of the last such point
-- baseline_points: how many points they rest on
-- is_trial: whether they are fewer than 12, so that the limits still move
-- centre: what is expected: a share from 0 to 1, or units or days between findings
-- spread: sigma; for p' how much wider than binomial chance; NULL for g
-- locked_by: the run that locked the limits, NULL while they are on trial
-- rebased_because: why the phase was begun, NULL for the first
-- rule_version: version of the rule for which they were locked
-- state: worse, better, steady, or too few points, at the latest final point of the phase
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
