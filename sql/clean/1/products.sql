-- One distinct way in which prescriptions and administrations describe a product: identity is worked out once for each of
-- these, never row by row.
-- product_id: number of the product, in the order of its six descriptions
-- drug_code: code as sent
-- drug_code_system: system of the code as sent (rxnorm, ndc, atc, snomed, local)
-- drug_name: name as sent
-- route: route as sent
-- strength: strength as sent (never for administrations)
-- dose_unit: unit of the dose quantity as sent
-- words: the name as words (macro words_of)
-- form_words: name, strength and dose unit as words, to find a dose form in
-- code_keys: the code as the code lists write it; several for a 10-digit national drug code, none without a known system
-- prescriptions: number of prescriptions that are described so
-- administrations: number of administrations that are described so
WITH
orders AS (SELECT * FROM extracts.prescriptions),

given AS (SELECT * FROM extracts.administrations),

described AS (
    SELECT
        drug_code,
        drug_code_system,
        drug_name,
        route,
        strength,
        dose_unit,
        count(*) AS prescriptions,
        0 AS administrations
    FROM orders
    GROUP BY ALL
    UNION ALL
    SELECT
        drug_code,
        drug_code_system,
        drug_name,
        route,
        NULL AS strength,
        dose_unit,
        0 AS prescriptions,
        count(*) AS administrations
    FROM given
    GROUP BY ALL
),

products AS (
    SELECT
        drug_code,
        drug_code_system,
        drug_name,
        route,
        strength,
        dose_unit,
        CAST(sum(prescriptions) AS BIGINT) AS prescriptions,
        CAST(sum(administrations) AS BIGINT) AS administrations
    FROM described
    GROUP BY ALL
)

SELECT
    row_number() OVER (ORDER BY drug_code, drug_code_system, drug_name, route, strength, dose_unit) AS product_id,
    drug_code,
    drug_code_system,
    drug_name,
    route,
    strength,
    dose_unit,
    words_of(drug_name) AS words,
    words_of(concat_ws(' ', drug_name, strength, dose_unit)) AS form_words,
    CASE drug_code_system
        WHEN 'ndc' THEN ndc_products(replace(drug_code, ' ', ''))
        WHEN 'atc' THEN [plain_code(drug_code)]
        WHEN 'rxnorm' THEN [ltrim(regexp_replace(drug_code, '\.0+$', ''), '0')]
        WHEN 'snomed' THEN [drug_code]
        ELSE []
    END AS code_keys,
    prescriptions,
    administrations
FROM products
