-- One ingredient that a product's code stands for in the drug code lists (several for a combination product).
-- product_id: product, see clean.products
-- ingredient: ingredient
-- matched_by: code:rxnorm, code:ndc, code:atc or code:snomed
-- route_group: route group that the code implies; NULL when it implies none, or several
-- product_class: product class that the code implies, for magnesium
-- salt: salt that the code implies
-- strength_mg: mg of the ingredient in a tablet or capsule, or in `per_ml` ml
-- per_ml: ml that hold `strength_mg`; NULL for tablets and capsules
-- level: how exact the code is: product, drug, brand or ingredient
-- certain: whether the code can be read in one way only; a bare 10-digit national drug code can be read in three
WITH
products AS (SELECT * FROM clean.products),

drug_codes AS (SELECT * FROM codelists.drugs),

coded AS (
    SELECT
        product_id,
        drug_code_system AS system,
        unnest(code_keys) AS code,
        len(code_keys) = 1 AS certain
    FROM products
),

entries AS (
    SELECT
        system,
        CASE WHEN system = 'atc' THEN plain_code(code) ELSE code END AS code,
        match,
        ingredient,
        route_group,
        product_class,
        salt,
        TRY_CAST(strength_mg AS DOUBLE) AS strength_mg,
        TRY_CAST(per_ml AS DOUBLE) AS per_ml,
        level
    FROM drug_codes
),

hits AS (
    SELECT c.product_id, c.certain, e.*
    FROM coded AS c
    JOIN entries AS e ON c.system = e.system AND c.code = e.code
    UNION ALL
    SELECT c.product_id, c.certain, e.*
    FROM coded AS c
    JOIN entries AS e ON c.system = e.system AND starts_with(c.code, e.code) AND c.code != e.code
    WHERE e.match = 'prefix'
),

readings AS (
    SELECT product_id, code, list_sort(list(DISTINCT ingredient)) AS ingredients
    FROM hits
    WHERE NOT certain
    GROUP BY product_id, code
),

ambiguous AS (
    SELECT product_id
    FROM readings
    GROUP BY product_id
    HAVING count(DISTINCT ingredients) > 1
)

SELECT
    product_id,
    ingredient,
    'code:' || any_value(system) AS matched_by,
    CASE WHEN count(DISTINCT route_group) = 1 THEN any_value(route_group) END AS route_group,
    CASE WHEN count(DISTINCT product_class) = 1 THEN any_value(product_class) END AS product_class,
    CASE WHEN count(DISTINCT salt) = 1 THEN any_value(salt) END AS salt,
    CASE WHEN count(DISTINCT strength_mg) = 1 THEN any_value(strength_mg) END AS strength_mg,
    CASE WHEN count(DISTINCT per_ml) = 1 THEN any_value(per_ml) END AS per_ml,
    arg_min(level, CASE level WHEN 'product' THEN 1 WHEN 'drug' THEN 2 WHEN 'brand' THEN 3 ELSE 4 END) AS level,
    bool_and(certain) AS certain
FROM hits
ANTI JOIN ambiguous USING (product_id)
GROUP BY product_id, ingredient
