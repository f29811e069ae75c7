-- What became of each feed's rows.
SELECT * FROM mart.feed_summary ORDER BY feed
