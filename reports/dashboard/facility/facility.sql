-- The facility of the page.
SELECT facility_id FROM mart.facility_page WHERE page = $page
