-- Every facility with its page.
SELECT facility_id, page FROM mart.facility_page ORDER BY facility_id
