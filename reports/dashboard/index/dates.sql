-- Up to when the base feeds reach, and the months that may still change.
SELECT
    (
        SELECT min(watermark) FROM mart.feed_summary WHERE present AND feed IN ('prescriptions', 'labs')
    ) AS watermark,
    (
        SELECT min(month) FROM mart.control_series WHERE audience = 'public' AND is_provisional
    ) AS provisional_from
