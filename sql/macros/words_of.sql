-- A text as lower-case words without accents, each with a blank on either side (so two between neighbours), for matching whole
-- words: contains(words_of('Mag-Ox 400'), words_of('mag ox')) holds, contains(words_of('quinidine'), words_of('quini')) does not.
CREATE OR REPLACE MACRO words_of(txt) AS
    ' ' || trim(regexp_replace(lower(strip_accents(txt)), '[^\p{L}\p{N}]+', '  ', 'g')) || ' ';
