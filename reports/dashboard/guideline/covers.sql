-- How many statements are covered, by kind of coverage.
SELECT cover, count(*) AS statements FROM audit.guideline GROUP BY cover ORDER BY list_position(['C', 'P', 'N'], cover)
