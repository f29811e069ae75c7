-- Every facility has a page.
SELECT page FROM mart.facility_page ORDER BY page
