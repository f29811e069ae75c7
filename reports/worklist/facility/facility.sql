-- The facility of each page.
SELECT page, facility_id FROM mart.facility_page ORDER BY page
