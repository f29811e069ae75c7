-- A file that was refused whole, in a run that went on without it.
-- feed: the feed that is absent for want of it; nothing for feeds that only look something up in it, and do without
-- reason: which file, what is wrong with it and, where feeds do without, what they lack
SELECT
    NULL::VARCHAR AS feed,
    NULL::VARCHAR AS reason
WHERE FALSE
