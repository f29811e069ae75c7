-- A text without the blanks around it, NULL when nothing is left. Blanks are spaces, tabs, line ends, no-break and
-- zero-width spaces and byte order marks; a text that begins and ends with a printable ASCII character has none, which is
-- quick to see.
CREATE OR REPLACE MACRO clean_text(words) AS
    CASE
        WHEN words BETWEEN '!' AND '~' AND words[-1] BETWEEN '!' AND '~' THEN words
        ELSE nullif(
            trim(
                words,
                chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(32) || chr(160) || chr(8203) || chr(12288) || chr(65279)
            ),
            ''
        )
    END;
