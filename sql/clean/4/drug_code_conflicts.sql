-- One distinct code and name that disagree: the code stands for a listed ingredient that the name does not say, or for another
-- strength of it than the row says. The code's ingredient is followed, of two strengths neither; the data-quality report lists
-- the pair, since a mistyped or reused code looks just so.
-- drug_code: code as sent
-- drug_code_system: system of the code as sent
-- drug_name: name as sent
-- ingredient: ingredient that the code stands for
-- prescriptions: number of prescriptions that carry both
-- administrations: number of administrations that carry both
WITH
product_drugs AS (SELECT * FROM clean.product_drugs),

products AS (SELECT * FROM clean.products)

SELECT
    p.drug_code,
    p.drug_code_system,
    p.drug_name,
    d.ingredient,
    CAST(sum(p.prescriptions) AS BIGINT) AS prescriptions,
    CAST(sum(p.administrations) AS BIGINT) AS administrations
FROM product_drugs AS d
JOIN products AS p USING (product_id)
WHERE NOT d.name_agrees
GROUP BY ALL
