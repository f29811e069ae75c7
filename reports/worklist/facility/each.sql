-- Every facility with an open finding has a page.
SELECT page FROM mart.facility_page SEMI JOIN mart.worklist USING (facility_id) ORDER BY page
