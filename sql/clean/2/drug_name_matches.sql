-- One ingredient that a product's name says, by whole words. A name that holds a false friend of a list (esomeprazole
-- magnesium) loses the words that mislead (magnesium) before names of that list are looked for.
-- words: the name as words, see clean.products
-- ingredient: ingredient
-- route_group: route group that the matched words themselves imply, such as a brand's; NULL when they imply none, or several
-- product_class: product class that the longest of the matched words that imply one imply, for magnesium; the bare name of the
--   ingredient says it only alone: `magnesium carbonate (Gaviscon)` is no supplement. NULL when they imply none
-- matched_words: the matched words of the code list, the longest of them
WITH
products AS (SELECT * FROM clean.products),

drug_false_friends AS (SELECT * FROM codelists.drug_false_friends),

drug_names AS (SELECT * FROM codelists.drug_names),

tokens AS (
    SELECT DISTINCT words, unnest(string_split(trim(words), '  ')) AS token FROM products WHERE words IS NOT NULL
),

false_friends AS (
    SELECT DISTINCT list, words_of(words) AS phrase, words_of(strikes) AS strikes FROM drug_false_friends
),

misleading AS (
    SELECT t.words, f.list, list(DISTINCT f.strikes ORDER BY length(f.strikes) DESC, f.strikes) AS strikes
    FROM tokens AS t
    JOIN false_friends AS f ON t.token = split_part(trim(f.phrase), '  ', 1) AND contains(t.words, f.phrase)
    GROUP BY t.words, f.list
),

cleared AS (
    SELECT
        words,
        list,
        list_reduce(strikes, lambda name, strike: replace(name, strike, ' '), words) AS remaining
    FROM misleading
),

known_names AS (
    SELECT DISTINCT list, words_of(words) AS phrase, ingredient, route_group, product_class FROM drug_names
),

hits AS (
    SELECT t.words, k.phrase, k.ingredient, k.route_group, k.product_class
    FROM tokens AS t
    JOIN known_names AS k ON t.token = split_part(trim(k.phrase), '  ', 1) AND contains(t.words, k.phrase)
    LEFT JOIN cleared AS c ON t.words = c.words AND k.list = c.list
    WHERE c.remaining IS NULL OR contains(c.remaining, k.phrase)
)

SELECT
    words,
    ingredient,
    CASE WHEN count(DISTINCT route_group) = 1 THEN any_value(route_group) END AS route_group,
    coalesce(
        first(product_class ORDER BY length(phrase) DESC, phrase) FILTER (
            WHERE product_class IS NOT NULL AND phrase <> words_of(ingredient)
        ),
        if(bool_and(phrase = words_of(ingredient)), any_value(product_class), NULL)
    ) AS product_class,
    trim(replace(first(phrase ORDER BY length(phrase) DESC, phrase), '  ', ' ')) AS matched_words
FROM hits
GROUP BY words, ingredient
