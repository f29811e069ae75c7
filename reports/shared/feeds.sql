-- What each feed covers, and its light.
SELECT feed, present, watermark, light FROM mart.feed_summary ORDER BY feed
