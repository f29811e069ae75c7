-- One prescriber behind an open finding, with the name of the page: the prescriber's own id where that can name a file, else
-- a fingerprint of it.
-- prescriber_id: the prescriber
-- page: name of the page, without an ending
WITH prescribers AS (
    SELECT DISTINCT prescriber_id FROM mart.worklist WHERE prescriber_id IS NOT NULL
)

SELECT
    prescriber_id,
    CASE
        WHEN regexp_full_match(prescriber_id, '[A-Za-z0-9][A-Za-z0-9_-]{0,40}') THEN prescriber_id
        ELSE 'prescriber-' || left(md5(prescriber_id), 12)
    END AS page
FROM prescribers
