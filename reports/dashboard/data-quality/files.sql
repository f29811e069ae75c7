-- What became of each file's rows.
SELECT
    feed, file, left(sha256, 12) AS sha256, rows_read, rows_loaded, rows_quarantined, rows_superseded, watermark,
    rows_read = rows_loaded + rows_quarantined + rows_superseded AS adds_up
FROM audit.batches
ORDER BY feed, file, batch_id
