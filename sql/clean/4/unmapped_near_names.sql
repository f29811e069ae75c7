-- One distinct product whose name holds a word of a drug code list, or a word spelt almost so, and which was yet taken for no
-- listed drug. Shown in the data-quality report: each is a look-alike that was rightly left out, or a name that the lists lack.
-- drug_name: name as sent
-- drug_code: code as sent
-- drug_code_system: system of the code as sent
-- near_to: word of the code lists that the name comes near to
-- because: `false friend` (struck out on purpose), `part of a word` or `spelt almost so`
-- prescriptions: number of prescriptions that are named so
-- administrations: number of administrations that are named so
WITH
products AS (SELECT * FROM clean.products),

product_drugs AS (SELECT * FROM clean.product_drugs),

drug_names AS (SELECT * FROM codelists.drug_names),

drug_codes AS (SELECT * FROM codelists.drugs),

unmapped AS (
    SELECT * FROM products
    ANTI JOIN product_drugs USING (product_id)
    WHERE words IS NOT NULL
),

tokens AS (
    SELECT DISTINCT unnest(string_split(trim(words), '  ')) AS token FROM unmapped
),

known_words AS (
    SELECT words AS word FROM drug_names
    WHERE kind = 'generic' AND NOT contains(words, ' ')
    UNION
    SELECT unnest(string_split(trim(words_of(ingredient)), '  ')) AS word FROM drug_codes
),

near_tokens AS (
    SELECT
        t.token,
        k.word,
        CASE
            WHEN t.token = k.word THEN 'false friend'
            WHEN contains(t.token, k.word) THEN 'part of a word'
            ELSE 'spelt almost so'
        END AS because
    FROM tokens AS t
    JOIN known_words AS k
        ON contains(t.token, k.word)
            OR (
                length(k.word) >= 7
                AND abs(length(t.token) - length(k.word)) <= 1
                AND left(t.token, 1) = left(k.word, 1)
                AND damerau_levenshtein(t.token, k.word) = 1
            )
    WHERE length(k.word) >= 6
),

near_names AS (
    SELECT
        u.*,
        n.word,
        n.because,
        row_number() OVER (
            PARTITION BY u.product_id
            ORDER BY array_position(['false friend', 'part of a word', 'spelt almost so'], n.because), n.word
        ) AS nearness
    FROM unmapped AS u
    JOIN near_tokens AS n ON contains(u.words, ' ' || n.token || ' ')
)

SELECT
    drug_name,
    drug_code,
    drug_code_system,
    any_value(word) AS near_to,
    any_value(because) AS because,
    CAST(sum(prescriptions) AS BIGINT) AS prescriptions,
    CAST(sum(administrations) AS BIGINT) AS administrations
FROM near_names
WHERE nearness = 1
GROUP BY drug_name, drug_code, drug_code_system
