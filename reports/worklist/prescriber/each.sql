-- Every prescriber behind an open finding has a page.
SELECT page FROM mart.prescriber_page ORDER BY page
