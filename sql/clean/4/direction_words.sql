-- One distinct text of directions, or of the frequency code list, spelt in one way: lower-case words and numbers, each with
-- a blank on either side (two between neighbours), numbers in digits, ranges as 1-2, the end of a sentence as a comma.
-- text: directions as sent for a listed drug, or words of the code list
-- words: the same, spelt in one way
-- is_sig: whether it is a sig, rather than only words of the code list
WITH
product_drugs AS (SELECT * FROM clean.product_drugs),

orders AS (SELECT * FROM extracts.prescriptions),

sig_frequencies AS (SELECT * FROM codelists.sig_frequencies),

listed_products AS (
    SELECT DISTINCT drug_code, drug_code_system, drug_name, route, strength, dose_unit FROM product_drugs
),

texts AS (
    SELECT p.sig AS text, TRUE AS is_sig
    FROM orders AS p
    JOIN listed_products AS l
        ON p.drug_code IS NOT DISTINCT FROM l.drug_code
            AND p.drug_code_system IS NOT DISTINCT FROM l.drug_code_system
            AND p.drug_name IS NOT DISTINCT FROM l.drug_name
            AND p.route IS NOT DISTINCT FROM l.route
            AND p.strength IS NOT DISTINCT FROM l.strength
            AND p.dose_unit IS NOT DISTINCT FROM l.dose_unit
    WHERE p.sig IS NOT NULL
    UNION
    SELECT words AS text, FALSE AS is_sig FROM sig_frequencies
),

different_texts AS (
    SELECT text, bool_or(is_sig) AS is_sig FROM texts GROUP BY text
),

separated AS (
    SELECT
        text,
        is_sig,
        replace(replace(replace(translate(lower(text), '–—;', '--,'), '½', ' 1/2'), '¼', ' 1/4'), '¾', ' 3/4') AS plain,
        -- t.i.d. and p.o.
        regexp_replace(plain, '\b([a-z])\.([a-z])\.(?:([a-z])\b\.?)?', '\1\2\3 ', 'g') AS without_dots,
        -- one (1) tablet, 3 (three) times
        regexp_replace(
            without_dots, '\((?:one|two|three|four|five|six|seven|eight|nine|ten|[0-9]+)\)', ' ', 'g'
        ) AS said_once,
        regexp_replace(said_once, '[&+]', ' and ', 'g') AS joined,
        regexp_replace(regexp_replace(joined, '([0-9])([a-z])', '\1 \2', 'g'), '([a-z])([0-9])', '\1 \2', 'g') AS apart,
        regexp_replace(apart, '\.( |$)|,', ' , ', 'g') AS sentences,
        -- A slash or hyphen stays inside numbers only: 1/2, 6-8.
        regexp_replace(regexp_replace(sentences, '([^0-9 ]|^)/|/([^0-9 ]|$)', '\1 / \2', 'g'), '/ ', ' / ', 'g') AS slashes,
        regexp_replace(regexp_replace(slashes, '([0-9]) ?- ?([0-9])', '\1~\2', 'g'), '-', ' ', 'g') AS hyphens,
        ' ' || trim(regexp_replace(replace(regexp_replace(hyphens, '[^a-z0-9.,/~ ]+', ' ', 'g'), '~', '-'), ' +', '  ', 'g')) || ' '
            AS words
    FROM different_texts
),

counted AS (
    SELECT
        text,
        is_sig,
        list_reduce(
            [
                ' one  half => 1/2 ', ' a  half => 1/2 ', ' half  of => 1/2 ', ' half  a => 1/2 ',
                ' half  tab => 1/2  tab ', ' half  cap => 1/2  cap ',
                ' one => 1 ', ' two => 2 ', ' three => 3 ', ' four => 4 ', ' five => 5 ', ' six => 6 ', ' seven => 7 ',
                ' eight => 8 ', ' nine => 9 ', ' ten => 10 ', ' twelve => 12 ', ' fifteen => 15 ', ' twenty => 20 ',
                ' 1/2  a => 1/2 ', ' and  1/2 => 1/2 ',
                ' 1/2 => 0.5 ', ' 1/4 => 0.25 ', ' 3/4 => 0.75 ', ' a  tab => 1  tab ', ' a  cap => 1  cap ',
                ' a  tablet => 1  tablet ', ' a  capsule => 1  capsule '
            ],
            lambda spelt, pair: replace(spelt, split_part(pair, '=>', 1), split_part(pair, '=>', 2)),
            words
        ) AS words
    FROM separated
)

SELECT
    text,
    regexp_replace(
        regexp_replace(words, ' ([0-9]+)  0(\.[0-9]+) ', ' \1\2 ', 'g'),
        ' ([0-9]*\.?[0-9]+)  (?:to|or)  ([0-9]*\.?[0-9]+) ', ' \1-\2 ', 'g'
    ) AS words,
    is_sig
FROM counted
