-- One ingredient that a product's name says, by whole words, after the false friends have been struck out.
-- words: the name as words, see clean.products
-- ingredient: ingredient
-- route_group: route group that the matched words themselves imply, such as a brand's; NULL when they imply none, or several
-- product_class: product class that the longest matched words imply, for magnesium
-- matched_words: the matched words of the code list, the longest of them
WITH names AS (
    SELECT DISTINCT words FROM clean.products WHERE words IS NOT NULL
),

tokens AS (
    SELECT DISTINCT words, unnest(string_split(trim(words), '  ')) AS token FROM names
),

false_friends AS (
    SELECT DISTINCT words_of(words) AS phrase FROM codelists.drug_false_friends
),

struck AS (
    SELECT t.words, list(f.phrase ORDER BY length(f.phrase) DESC, f.phrase) AS phrases
    FROM tokens AS t
    JOIN false_friends AS f ON t.token = split_part(trim(f.phrase), '  ', 1) AND contains(t.words, f.phrase)
    GROUP BY t.words
),

cleared AS (
    SELECT
        n.words,
        CASE
            WHEN s.phrases IS NULL THEN n.words
            ELSE list_reduce(s.phrases, lambda name, phrase: replace(name, phrase, ' '), n.words)
        END AS remaining
    FROM names AS n
    LEFT JOIN struck AS s USING (words)
),

known_names AS (
    SELECT DISTINCT words_of(words) AS phrase, ingredient, route_group, product_class FROM codelists.drug_names
),

hits AS (
    SELECT t.words, k.*
    FROM tokens AS t
    JOIN known_names AS k ON t.token = split_part(trim(k.phrase), '  ', 1) AND contains(t.words, k.phrase)
    JOIN cleared AS c ON t.words = c.words AND contains(c.remaining, k.phrase)
)

SELECT
    words,
    ingredient,
    CASE WHEN count(DISTINCT route_group) = 1 THEN any_value(route_group) END AS route_group,
    first(product_class ORDER BY length(phrase) DESC, phrase) FILTER (WHERE product_class IS NOT NULL) AS product_class,
    trim(replace(first(phrase ORDER BY length(phrase) DESC, phrase), '  ', ' ')) AS matched_words
FROM hits
GROUP BY words, ingredient
