-- One code of an RxNorm release that holds an ingredient of the drug code lists: what is made of the ingredient, its brands,
-- and the national drug codes and SNOMED CT codes of these.
-- ingredient_code: RxNorm code of the ingredient
-- system: rxnorm, ndc or snomed
-- code: code; a national drug code as 9 digits of labeler and product
-- term: RxNorm name; of a SNOMED CT code, its name there
-- level: how exact the code is: ingredient, brand, drug or product
-- dose_form: name of the dose form; NULL when the release does not say
WITH RECURSIVE
atoms AS (SELECT * FROM raw.rxnconso),

relations AS (SELECT * FROM raw.rxnrel),

attributes AS (SELECT * FROM raw.rxnsat),

drug_codes AS (SELECT * FROM codelists.drugs),

listed AS (SELECT DISTINCT code FROM drug_codes WHERE system = 'rxnorm' AND level = 'ingredient'),

concepts AS (
    SELECT
        rxcui,
        tty,
        str AS term,
        CASE
            WHEN tty IN ('IN', 'PIN', 'SCDC') THEN 'ingredient'
            WHEN tty IN ('BN', 'SBDC') THEN 'brand'
            WHEN tty IN ('SBD', 'SBDF', 'SBDG', 'BPCK') THEN 'product'
            ELSE 'drug'
        END AS level
    FROM atoms
    WHERE sab = 'RXNORM'
        AND suppress IN ('N', 'O')
        AND tty IN ('IN', 'PIN', 'BN', 'SCDC', 'SCDF', 'SCDG', 'SCD', 'GPCK', 'SBDC', 'SBDF', 'SBDG', 'SBD', 'BPCK')
),

-- A row of the release says that its second concept has the relation to its first: a tablet `consists_of` 10 MG baclofen.
-- From a brand there is no way on, since products of one brand need not share an ingredient.
steps AS (
    SELECT DISTINCT r.rxcui1 AS part, r.rxcui2 AS whole
    FROM relations AS r
    JOIN concepts AS c ON r.rxcui1 = c.rxcui
    WHERE r.sab = 'RXNORM'
        AND r.rela IN ('has_ingredient', 'has_precise_ingredient', 'form_of', 'tradename_of', 'consists_of', 'isa', 'contains')
        AND c.tty <> 'BN'
),

family AS (
    SELECT c.rxcui AS ingredient_code, c.rxcui
    FROM concepts AS c
    JOIN listed AS l ON c.rxcui = l.code
    WHERE c.tty = 'IN'
    UNION
    SELECT f.ingredient_code, s.whole AS rxcui
    FROM family AS f
    JOIN steps AS s ON f.rxcui = s.part
    JOIN concepts AS c ON s.whole = c.rxcui
    WHERE c.tty <> 'IN'
),

dose_forms AS (
    SELECT r.rxcui2 AS rxcui, min(a.str) AS dose_form
    FROM relations AS r
    JOIN atoms AS a ON r.rxcui1 = a.rxcui AND a.sab = 'RXNORM' AND a.tty = 'DF'
    WHERE r.sab = 'RXNORM' AND r.rela = 'has_dose_form'
    GROUP BY r.rxcui2
    HAVING count(DISTINCT a.str) = 1
),

members AS (
    SELECT f.ingredient_code, f.rxcui, c.term, c.level, d.dose_form
    FROM family AS f
    JOIN concepts AS c USING (rxcui)
    LEFT JOIN dose_forms AS d USING (rxcui)
),

ndc_codes AS (
    SELECT DISTINCT rxcui, ndc_products(atv)[1] AS code
    FROM attributes
    WHERE atn = 'NDC' AND sab = 'RXNORM' AND len(ndc_products(atv)) = 1
),

snomed_codes AS (
    SELECT rxcui, code, min(str) AS term
    FROM atoms
    WHERE sab = 'SNOMEDCT_US' AND suppress = 'N'
    GROUP BY rxcui, code
)

SELECT ingredient_code, 'rxnorm' AS system, rxcui AS code, term, level, dose_form FROM members
UNION
SELECT m.ingredient_code, 'ndc' AS system, n.code, m.term, 'product' AS level, m.dose_form
FROM members AS m
JOIN ndc_codes AS n USING (rxcui)
UNION
SELECT m.ingredient_code, 'snomed' AS system, s.code, s.term, m.level, m.dose_form
FROM members AS m
JOIN snomed_codes AS s USING (rxcui)
