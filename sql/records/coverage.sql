-- One figure that a rule asks of a feed, with what was found.
-- rule_id: the rule
-- feed: the feed
-- figure: name of the figure
-- what: what is counted
-- part: how many are as they should be
-- whole: of how many
-- at_least: the least share that the rule can be run with
-- met: whether it was reached; when there was nothing to count, it was
SELECT
    NULL::VARCHAR AS rule_id,
    NULL::VARCHAR AS feed,
    NULL::VARCHAR AS figure,
    NULL::VARCHAR AS what,
    NULL::BIGINT AS part,
    NULL::BIGINT AS whole,
    NULL::DOUBLE AS at_least,
    NULL::BOOLEAN AS met
WHERE FALSE
