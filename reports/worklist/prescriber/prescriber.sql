-- The prescriber of each page.
SELECT page, prescriber_id FROM mart.prescriber_page ORDER BY page
