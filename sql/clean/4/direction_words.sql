-- One distinct text of directions, or of the words that directions are made of, spelt in one way: lower-case words and numbers,
-- each with a blank on either side (two between neighbours), numbers in digits, halves as decimals, ranges as 1-2, brackets and
-- commas as words of their own, the end of a sentence as a comma, a sign that nobody knows as a question mark.
-- text: directions as sent for a listed drug, words of the code list, or name of a drug
-- words: the same, spelt in one way
-- is_sig: whether it is a sig, rather than only words of a code list
WITH
product_drugs AS (SELECT * FROM clean.product_drugs),

orders AS (SELECT * FROM extracts.prescriptions),

sig_frequencies AS (SELECT * FROM codelists.sig_frequencies),

drug_names AS (SELECT * FROM codelists.drug_names),

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
    UNION
    SELECT words AS text, FALSE AS is_sig FROM drug_names
),

different_texts AS (
    SELECT text, bool_or(is_sig) AS is_sig FROM texts GROUP BY text
),

signs_spelt AS (
    SELECT
        text,
        is_sig,
        regexp_replace(translate(lower(text), '–—−‑;:|µμ×[]{}', '----,,,uux()()'), '[''’`"_*!\\]+', '', 'g') AS plain,
        replace(replace(replace(replace(plain, '½', ' 1/2 '), '¼', ' 1/4 '), '¾', ' 3/4 '), '@', ' at ') AS fractions,
        regexp_replace(regexp_replace(fractions, '[&+]', ' and ', 'g'), '\bw/ ?([a-z][a-z])', 'with \1', 'g').replace('#', ' disp ') AS joined,
        -- t.i.d. and p.o.
        regexp_replace(joined, '\b([a-z])\.([a-z])\b(?:\.([a-z])\b)?(?:\.([a-z])\b)?\.?', '\1\2\3\4 ', 'g') AS without_dots,
        -- tablet(s); 1,200 mg
        regexp_replace(regexp_replace(without_dots, '\(s\)', 's', 'g'), '([0-9]),([0-9]{3})\b', '\1\2', 'g') AS plurals,
        regexp_replace(regexp_replace(plurals, '([0-9])([a-z])', '\1 \2', 'g'), '([a-z])([0-9])', '\1 \2', 'g') AS apart,
        regexp_replace(apart, '\s+', ' ', 'g') AS single,
        -- 20 mg = 2 tabs, 2 tabs to = 20 mg: one amount said twice; = 1 tab: an amount.
        regexp_replace(
            single, '([0-9][0-9.-]* ?(?:mg|mcg)) ?= ?([0-9][0-9./-]* ?(?:tabs?|tablets?|caps?|capsules?))\b', '\1 (\2)', 'g'
        ) AS mass_first,
        regexp_replace(
            mass_first, '([0-9][0-9./-]* ?(?:tabs?|tablets?|caps?|capsules?)) ?(?:to )?= ?([0-9][0-9.-]* ?(?:mg|mcg))\b', '\2 (\1)', 'g'
        ) AS tablets_first,
        regexp_replace(tablets_first, '^ ?= ?', '') AS spelt
    FROM different_texts
),

numbers_spelt AS (
    SELECT
        text,
        is_sig,
        list_reduce(
            [
                'twenty four=>24', 'forty eight=>48', 'seventy two=>72', 'twenty-four=>24', 'forty-eight=>48', 'seventy-two=>72',
                'one=>1', 'two=>2', 'three=>3', 'four=>4', 'five=>5', 'six=>6', 'seven=>7', 'eight=>8', 'nine=>9', 'ten=>10',
                'twelve=>12', 'fifteen=>15', 'twenty=>20', 'thirty=>30', 'once=>1 times', 'twice=>2 times', 'thrice=>3 times'
            ],
            lambda said, pair: CASE
                WHEN contains(said, split_part(pair, '=>', 1))
                    THEN regexp_replace(said, '\b' || split_part(pair, '=>', 1) || '\b', split_part(pair, '=>', 2), 'g')
                ELSE said
            END,
            spelt
        ) AS digits,
        -- one and a half, 2 1/2, 1-1/2; then halves and quarters alone
        regexp_replace(
            digits, '(^|[^0-9/.-])([0-9]+)(?: and (?:a |1[ -])?(?:half\b|1/2)|[ -]1/2)', '\1\2.5', 'g'
        ) AS and_halves,
        regexp_replace(
            regexp_replace(and_halves, '(^|[^0-9/.-])([0-9]+)(?: and | |-)1/4', '\1\2.25', 'g'),
            '(^|[^0-9/.-])([0-9]+)(?: and | |-)3/4', '\1\2.75', 'g'
        ) AS and_quarters,
        regexp_replace(and_quarters, '\b(?:a |1[ -])?half\b(?: of)?(?: (?:a|an|1)\b)?', ' 0.5 ', 'g') AS halves,
        regexp_replace(halves, '\b(?:a |1[ -])?quarter\b(?: of)?(?: (?:a|an|1)\b)?', ' 0.25 ', 'g') AS quarters,
        regexp_replace(
            regexp_replace(
                regexp_replace(quarters, '(^|[^0-9/.])1/2($|[^0-9/])', '\10.5\2', 'g'),
                '(^|[^0-9/.])1/4($|[^0-9/])', '\10.25\2', 'g'
            ),
            '(^|[^0-9/.])3/4($|[^0-9/])', '\10.75\2', 'g'
        ) AS spelt
    FROM signs_spelt
),

separated AS (
    SELECT
        text,
        is_sig,
        regexp_replace(regexp_replace(spelt, '([()])', ' \1 ', 'g'), '\.( |$)|,', ' , ', 'g') AS sentences,
        -- A slash or hyphen stays inside numbers only: 10/325, 6-8; a hyphen between two units is a range: 5 mg-10 mg.
        regexp_replace(sentences, '\b(mg|mcg|g|ml|tabs?|caps?|h|hrs?|hours?) ?- ?([0-9])', '\1 to \2', 'g') AS unit_ranges,
        regexp_replace(regexp_replace(unit_ranges, '([^0-9 ]|^)/|/([^0-9 ]|$)', '\1 / \2', 'g'), '/ ', ' / ', 'g') AS slashes,
        regexp_replace(
            regexp_replace(slashes, '([0-9]) ?- ?([0-9.])', '\1~\2', 'g'),
            '\b(bid|tid|(?:sun|mon|tues?|wednes|wed|thurs?|fri|satur|sat)(?:day)?) ?- ?'
            || '(tid|qid|(?:sun|mon|tues?|wednes|wed|thurs?|fri|satur|sat)(?:day)?)\b', '\1 to \2', 'g'
        ) AS word_ranges,
        replace(word_ranges, '-', ' ') AS hyphens,
        ' ' || trim(regexp_replace(replace(regexp_replace(hyphens, '[^a-z0-9.,/~() ]+', ' ? ', 'g'), '~', '-'), ' +', '  ', 'g'))
        || ' ' AS words
    FROM numbers_spelt
),

-- one (1) tablet, 3 (three) times: said twice in the same way is said once; another number in brackets stays and is not understood.
said_once AS (
    SELECT
        text,
        is_sig,
        list_reduce(
            ['0.5', '1', '1.5', '2', '3', '4', '5', '6', '7', '8', '9', '10', '12', '15', '20', '30'],
            lambda spelt, number: replace(spelt, ' ' || number || '  (  ' || number || '  ) ', ' ' || number || ' '),
            words
        ) AS once,
        regexp_replace(once, ' \(  ([0-9.]+)  \) ', ' \1 ', 'g') AS unbracketed,
        regexp_replace(unbracketed, ' ([0-9]+)  times?  (?:or|to)  ([0-9]+)  (?:times?|x) ', ' \1-\2  times ', 'g') AS times,
        regexp_replace(times, ' ([0-9]*\.?[0-9]+)  (?:to|or)  ([0-9]*\.?[0-9]+) ', ' \1-\2 ', 'g') AS ranges
    FROM separated
)

SELECT
    text,
    regexp_replace(ranges, ' an?  (tab|tablet|cap|capsule|caplet|pill|softgel) ', ' 1  \1 ', 'g') AS words,
    is_sig
FROM said_once
