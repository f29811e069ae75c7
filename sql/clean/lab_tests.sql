-- One row per laboratory test as it was sent (code, system, name) that the audit uses.
-- A LOINC code decides alone, so that urine creatinine sent as `Creatinine` stays out. A test with a local code or none
-- is known by its name: it holds, as whole words, names of one analyte only and none of the words that exclude that
-- analyte. A list may exclude a code, too.
-- test_code: test code as sent
-- test_code_system: loinc or local as sent
-- test_name: test name as sent
-- analyte: name of the laboratory list, such as creatinine
-- matched_by: code or name
WITH
labs AS (SELECT * FROM extracts.labs),

lab_lists AS (SELECT * FROM codelists.labs),

lab_names AS (SELECT * FROM codelists.lab_names),

distinct_tests AS (
    SELECT DISTINCT
        test_code,
        test_code_system,
        test_name
    FROM labs
),

sent_tests AS (
    SELECT
        *,
        words_of(test_name) AS words
    FROM distinct_tests
),

listed_codes AS (
    SELECT
        system,
        plain_code(code) AS plain,
        min(list) AS analyte
    FROM lab_lists
    WHERE match = 'exact'
    GROUP BY ALL
),

excluded_codes AS (
    SELECT DISTINCT plain_code(code) AS plain
    FROM lab_lists
    WHERE match = 'exclude'
),

mentions AS (
    SELECT
        s.words,
        n.analyte,
        coalesce(bool_or(
            list_bool_or([contains(s.words, words_of(word)) FOR word IN string_split(n.excluded_words, '|')])
        ), FALSE) AS is_excluded
    FROM sent_tests AS s
    JOIN lab_names AS n ON contains(s.words, words_of(n.words))
    GROUP BY s.words, n.analyte
),

-- `BUN/creat` and `calcium corrected for albumin` name two analytes and are taken for neither; `eGFR (creatinine)` is an eGFR.
named_analytes AS (
    SELECT
        words,
        max(analyte) AS analyte
    FROM mentions
    GROUP BY words
    HAVING
        (count(*) = 1 OR list(analyte ORDER BY analyte) = ['creatinine', 'egfr'])
        AND NOT arg_max(is_excluded, analyte)
),

tests AS (
    SELECT
        s.test_code,
        s.test_code_system,
        s.test_name,
        c.analyte AS coded_analyte,
        if(s.test_code_system = 'loinc' AND s.test_code IS NOT NULL, NULL, n.analyte) AS named_analyte
    FROM sent_tests AS s
    LEFT JOIN listed_codes AS c ON s.test_code_system = c.system AND plain_code(s.test_code) = c.plain
    LEFT JOIN named_analytes AS n USING (words)
    WHERE coalesce(plain_code(s.test_code), '') NOT IN (SELECT plain FROM excluded_codes)
)

SELECT
    test_code,
    test_code_system,
    test_name,
    coalesce(coded_analyte, named_analyte) AS analyte,
    if(coded_analyte IS NULL, 'name', 'code') AS matched_by
FROM tests
WHERE coalesce(coded_analyte, named_analyte) IS NOT NULL
