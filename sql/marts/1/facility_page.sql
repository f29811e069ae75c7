-- One facility that units or findings belong to, with the name of its page: its own id where that can name a file, else a
-- fingerprint of it.
-- facility_id: the facility
-- page: name of its pages, without an ending
WITH facilities AS (
    SELECT DISTINCT cell AS facility_id FROM mart.outcome_count WHERE breakdown = 'facility' AND cell <> 'not recorded'
)

SELECT
    facility_id,
    CASE
        WHEN regexp_full_match(facility_id, '[A-Za-z0-9][A-Za-z0-9_-]{0,40}') THEN facility_id
        ELSE 'facility-' || left(md5(facility_id), 12)
    END AS page
FROM facilities
