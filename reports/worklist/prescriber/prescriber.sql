-- The prescriber of the page.
SELECT prescriber_id FROM mart.prescriber_page WHERE page = $page
