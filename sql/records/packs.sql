-- One pack of rules.
-- pack: name of its folder
-- title: what it is called on the pages
-- about: what it rests on
SELECT
    NULL::VARCHAR AS pack,
    NULL::VARCHAR AS title,
    NULL::VARCHAR AS about
WHERE FALSE
