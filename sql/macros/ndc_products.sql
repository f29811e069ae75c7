-- The 9-digit labeler and product keys (5 and 4 digits) that a national drug code can stand for. One for 9 or 11 bare digits
-- and for hyphens (5-4-2, 5-4-1, 5-3-2, 4-4-2, with or without the package); three for 10 bare digits, whose missing zero can
-- stand in any of the three places; none for anything else and for a code of zeros.
CREATE OR REPLACE MACRO ndc_products(code) AS
    CASE
        WHEN regexp_full_match(code, '[0-]*') THEN []::VARCHAR[]
        WHEN regexp_full_match(code, '\d{4,5}-\d{3,4}(-\d{1,2})?')
            THEN [lpad(split_part(code, '-', 1), 5, '0') || lpad(split_part(code, '-', 2), 4, '0')]
        WHEN regexp_full_match(code, '\d{9}|\d{11}') THEN [left(code, 9)]
        WHEN regexp_full_match(code, '\d{10}')
            THEN list_distinct([left(code, 9), '0' || left(code, 8), left(code, 5) || '0' || substr(code, 6, 3)])
        ELSE []::VARCHAR[]
    END;
