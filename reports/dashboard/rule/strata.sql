-- Age bands and sexes as they may be shown.
WITH bands AS (
    SELECT *, split_part(cell, '|', 1) AS age_band, split_part(cell, '|', 2) AS sex
    FROM mart.public_breakdown
    WHERE breakdown = 'stratum' AND rule_id = $rule_id
)

SELECT age_band || ', ' || sex AS label, TRUE AS is_over, *
FROM bands
ORDER BY
    list_position(['under 18', '18-44', '45-64', '65-74', '75-84', '85 and over', 'unknown'], age_band), sex
