-- One version of a rule and the first run that used it. Every run judges all months by the version in force: a trend is of one
-- version, and what an earlier run published may have been of another.
-- rule_id: the rule
-- version: version of the rule
-- first_run: the first run that used it
-- first_as_of: the date which that run was for
SELECT
    NULL::VARCHAR AS rule_id,
    NULL::VARCHAR AS version,
    NULL::VARCHAR AS first_run,
    NULL::DATE AS first_as_of
WHERE FALSE
