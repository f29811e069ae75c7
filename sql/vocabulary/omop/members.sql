-- One code of an OMOP vocabulary that holds an ingredient of the drug code lists: what descends from the ingredient, its
-- brands, and the codes (national drug codes, SNOMED CT, retired RxNorm) that map to one of these.
-- ingredient_code: RxNorm code of the ingredient
-- system: rxnorm, ndc or snomed
-- code: code; a national drug code as 9 digits of labeler and product
-- term: name in the vocabulary; of a national drug code, the name of the RxNorm product it maps to
-- level: how exact the code is: ingredient, brand, drug or product
-- dose_form: name of the dose form; NULL when the vocabulary does not say
WITH
concepts AS (SELECT * FROM raw.concept),

ancestors AS (SELECT * FROM raw.concept_ancestor),

relationships AS (SELECT * FROM raw.concept_relationship WHERE invalid_reason IS NULL),

drug_codes AS (SELECT * FROM codelists.drugs),

listed AS (SELECT DISTINCT code FROM drug_codes WHERE system = 'rxnorm' AND level = 'ingredient'),

ingredients AS (
    SELECT c.concept_id, c.concept_code AS ingredient_code
    FROM concepts AS c
    JOIN listed AS l ON c.concept_code = l.code
    WHERE c.vocabulary_id = 'RxNorm' AND c.concept_class_id = 'Ingredient'
),

family AS (
    SELECT ingredient_code, concept_id FROM ingredients
    UNION
    SELECT i.ingredient_code, a.descendant_concept_id AS concept_id
    FROM ancestors AS a
    JOIN ingredients AS i ON a.ancestor_concept_id = i.concept_id
),

-- Each with the member of the family through which it came in: itself, what it maps to, or what it is a brand of.
members AS (
    SELECT ingredient_code, concept_id, concept_id AS member_id FROM family
    UNION
    SELECT f.ingredient_code, r.concept_id_1 AS concept_id, f.concept_id AS member_id
    FROM relationships AS r
    JOIN family AS f ON r.concept_id_2 = f.concept_id
    WHERE r.relationship_id IN ('Maps to', 'Tradename of')
),

levels AS (
    SELECT
        concept_id,
        CASE
            WHEN concept_class_id IN ('Ingredient', 'Precise Ingredient', 'Clinical Drug Comp') THEN 'ingredient'
            WHEN concept_class_id IN ('Brand Name', 'Branded Drug Comp') THEN 'brand'
            WHEN contains(concept_class_id, 'Branded') OR concept_class_id = 'Marketed Product' THEN 'product'
            WHEN contains(concept_class_id, 'Clinical') THEN 'drug'
        END AS level
    FROM concepts
    WHERE vocabulary_id IN ('RxNorm', 'RxNorm Extension')
),

dose_forms AS (
    SELECT r.concept_id_1 AS concept_id, min(c.concept_name) AS dose_form
    FROM relationships AS r
    JOIN concepts AS c ON r.concept_id_2 = c.concept_id
    WHERE r.relationship_id = 'RxNorm has dose form'
    GROUP BY r.concept_id_1
    HAVING count(DISTINCT c.concept_name) = 1
),

coded AS (
    SELECT
        m.ingredient_code,
        CASE c.vocabulary_id WHEN 'RxNorm' THEN 'rxnorm' WHEN 'NDC' THEN 'ndc' WHEN 'SNOMED' THEN 'snomed' END AS system,
        c.concept_code,
        CASE WHEN c.vocabulary_id = 'NDC' THEN t.concept_name ELSE c.concept_name END AS term,
        CASE c.vocabulary_id WHEN 'RxNorm' THEN own.level WHEN 'NDC' THEN 'product' ELSE target.level END AS level,
        d.dose_form
    FROM members AS m
    JOIN concepts AS c ON m.concept_id = c.concept_id
    JOIN concepts AS t ON m.member_id = t.concept_id
    LEFT JOIN levels AS own ON m.concept_id = own.concept_id
    LEFT JOIN levels AS target ON m.member_id = target.concept_id
    LEFT JOIN dose_forms AS d ON m.member_id = d.concept_id
)

SELECT DISTINCT
    ingredient_code,
    system,
    CASE WHEN system = 'ndc' THEN ndc_products(concept_code)[1] ELSE concept_code END AS code,
    term,
    level,
    dose_form
FROM coded
WHERE level IS NOT NULL AND (system IN ('rxnorm', 'snomed') OR (system = 'ndc' AND len(ndc_products(concept_code)) = 1))
