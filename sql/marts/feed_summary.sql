-- What became of one feed's rows, and whether its checks passed.
-- feed: the feed
-- present: whether the feed was delivered
-- watermark: the latest date that the feed covers
-- files: number of files
-- rows_read: rows read from the files
-- rows_loaded: rows that can be used
-- rows_quarantined: rows set aside as unusable
-- rows_superseded: rows replaced by a later version of themselves
-- adds_up: whether rows read = loaded + quarantined + superseded
-- checks: number of checks
-- checks_failed: number of checks that failed
-- critical_failed: number of failed checks that close the gate
-- light: red (a critical check failed, or rows are unaccounted for), amber (another check failed, or rows were set aside),
-- green, or absent (the feed was not delivered)
WITH feeds AS (
    SELECT feed, present, watermark FROM facts.feeds
),

batches AS (
    SELECT
        feed, count(*) AS files, sum(rows_read) AS rows_read, sum(rows_loaded) AS rows_loaded,
        sum(rows_quarantined) AS rows_quarantined, sum(rows_superseded) AS rows_superseded
    FROM audit.batches GROUP BY feed
),

checks AS (
    SELECT
        feed, count(*) AS checks, count(*) FILTER (NOT passed) AS checks_failed,
        count(*) FILTER (NOT passed AND critical) AS critical_failed
    FROM audit.quality GROUP BY feed
),

joined AS (
    SELECT
        f.feed, f.present, f.watermark,
        CAST(coalesce(b.files, 0) AS BIGINT) AS files,
        CAST(coalesce(b.rows_read, 0) AS BIGINT) AS rows_read,
        CAST(coalesce(b.rows_loaded, 0) AS BIGINT) AS rows_loaded,
        CAST(coalesce(b.rows_quarantined, 0) AS BIGINT) AS rows_quarantined,
        CAST(coalesce(b.rows_superseded, 0) AS BIGINT) AS rows_superseded,
        coalesce(c.checks, 0) AS checks,
        coalesce(c.checks_failed, 0) AS checks_failed,
        coalesce(c.critical_failed, 0) AS critical_failed
    FROM feeds AS f
    LEFT JOIN batches AS b USING (feed)
    LEFT JOIN checks AS c USING (feed)
),

added AS (
    SELECT *, rows_read = rows_loaded + rows_quarantined + rows_superseded AS adds_up FROM joined
)

SELECT
    feed, present, watermark, files, rows_read, rows_loaded, rows_quarantined, rows_superseded, adds_up,
    checks, checks_failed, critical_failed,
    CASE
        WHEN critical_failed > 0 OR NOT adds_up THEN 'red'
        WHEN NOT present THEN 'absent'
        WHEN checks_failed > 0 OR rows_quarantined > 0 THEN 'amber'
        ELSE 'green'
    END AS light
FROM added
