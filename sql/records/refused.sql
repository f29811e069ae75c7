-- A file that was refused whole, in a run that went on without it.
-- feed: the feed that is absent for want of it; nothing when every feed can do without
-- reason: which file, and what is wrong with it
SELECT
    NULL::VARCHAR AS feed,
    NULL::VARCHAR AS reason
WHERE FALSE
