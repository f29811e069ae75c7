-- Age bands and sexes as they may be shown.
WITH bands AS (
    SELECT *, split_part(cell, '|', 1) AS age_band, split_part(cell, '|', 2) AS sex
    FROM mart.public_breakdown
    WHERE breakdown = 'stratum'
)

SELECT age_band || ', ' || sex AS label, NULL AS remark, *
FROM bands
ORDER BY
    rule_id,
    list_position(['under 18', '18-44', '45-64', '65-74', '75-84', '85 and over', 'unknown'], age_band), sex
