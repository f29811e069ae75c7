-- One row per feed that an extract may have.
-- feed: name of the feed
-- present: whether it was delivered, be it empty
-- watermark: latest date that it covers, NULL when it was not delivered
WITH
feeds AS (SELECT * FROM extracts.feeds)

SELECT
    feed,
    present,
    watermark
FROM feeds
