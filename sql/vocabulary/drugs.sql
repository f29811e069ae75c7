-- One code of a vocabulary that the drug code lists lack, as a row of the list that its ingredient is at home in. What the
-- lists leave out on purpose is left out here too: false friends, strengths that no tablet has (over 20 g), and mixtures of
-- six and more substances, in which magnesium is a trace.
-- list: list of the ingredient, of several the one with most codes of it
-- system: rxnorm, ndc or snomed
-- code: code
-- match: always exact
-- term: name in the vocabulary
-- ingredient: ingredient
-- route_group: route group of the dose form; NULL for ingredients and brands, which imply none
-- product_class: product class, for magnesium; NULL when the vocabulary does not say
-- salt: magnesium salt; NULL when there are several
-- strength_mg: mg of a tablet or capsule, or in `per_ml` ml; NULL when there is no single one
-- per_ml: ml that hold `strength_mg`
-- strength_text: the strength as RxNorm would write it
-- level: how exact the code is: ingredient, brand, drug or product
-- source: name and version of the vocabulary
-- checked: always imported
WITH
members AS (SELECT * FROM vocabulary.members),

drug_codes AS (SELECT * FROM codelists.drugs),

drug_false_friends AS (SELECT * FROM codelists.drug_false_friends),

sizes AS (SELECT ingredient, list, count(*) AS codes FROM drug_codes GROUP BY ingredient, list),

homes AS (
    SELECT ingredient, list
    FROM sizes
    QUALIFY row_number() OVER (PARTITION BY ingredient ORDER BY codes DESC, list) = 1
),

meanings AS (
    SELECT
        d.code AS ingredient_code,
        d.ingredient,
        h.list,
        min(d.product_class) AS product_class,
        min(d.salt) AS salt
    FROM drug_codes AS d
    JOIN homes AS h USING (ingredient)
    WHERE d.system = 'rxnorm' AND d.level = 'ingredient'
    GROUP BY ALL
),

described AS (
    SELECT
        m.*,
        i.ingredient,
        i.list,
        i.product_class,
        i.salt,
        words_of(m.term) AS words,
        CASE
            WHEN m.level NOT IN ('ingredient', 'brand')
                THEN coalesce(form_route_group(words_of(m.dose_form)), form_route_group(words_of(m.term)))
        END AS form_group,
        string_split(m.term, ' / ') AS parts
    FROM members AS m
    JOIN meanings AS i USING (ingredient_code)
),

strengths AS (
    SELECT
        *,
        flatten(list_transform(
            list_filter(parts, lambda part: len(parts) = 1 OR contains(words_of(part), words_of(ingredient))),
            lambda part: strengths_in(part)
        )) AS found
    FROM described
),

rows_of_lists AS (
    SELECT
        *,
        CASE WHEN len(found) = 1 AND level <> 'brand' THEN found[1] END AS strength,
        CASE WHEN ingredient = 'baclofen' AND form_group = 'injectable' THEN 'intrathecal' ELSE form_group END AS route_group
    FROM strengths
),

false_friends AS (
    SELECT r.system, r.code, r.ingredient
    FROM rows_of_lists AS r
    JOIN drug_false_friends AS f USING (list)
    WHERE contains(r.words, words_of(f.words)) AND contains(words_of(f.strikes), words_of(r.ingredient))
),

wanted AS (
    SELECT *
    FROM rows_of_lists
    ANTI JOIN false_friends USING (system, code, ingredient)
    WHERE coalesce(strength.per_ml IS NOT NULL OR strength.mg <= 20000, TRUE)
        AND NOT (ingredient = 'magnesium' AND len(parts) >= 6)
),

new_codes AS (
    SELECT * FROM wanted
    ANTI JOIN drug_codes USING (system, code, ingredient)
),

single AS (
    SELECT
        list,
        system,
        code,
        ingredient,
        min(term) AS term,
        CASE WHEN count(DISTINCT coalesce(route_group, '')) = 1 THEN min(route_group) END AS route_group,
        CASE
            WHEN ingredient = 'magnesium' AND bool_or(regexp_matches(words, ' (picosulfate|sodium  sulfate) ')) THEN 'bowel_prep'
            WHEN ingredient = 'magnesium' AND bool_and(coalesce(route_group = 'injectable', FALSE)) THEN 'intravenous'
            WHEN count(DISTINCT coalesce(product_class, '')) = 1 THEN min(product_class)
        END AS product_class,
        CASE WHEN count(DISTINCT coalesce(salt, '')) = 1 THEN min(salt) END AS salt,
        CASE WHEN count(DISTINCT coalesce(CAST(strength AS VARCHAR), '')) = 1 THEN min(strength) END AS strength,
        arg_max(level, array_position(['product', 'drug', 'brand', 'ingredient'], level)) AS level
    FROM new_codes
    GROUP BY list, system, code, ingredient
)

SELECT
    list,
    system,
    code,
    'exact' AS match,
    term,
    ingredient,
    route_group,
    product_class,
    salt,
    nullif(spoken(strength.mg), '') AS strength_mg,
    nullif(spoken(strength.per_ml), '') AS per_ml,
    nullif(spoken(strength.mg), '') || ' MG'
    || CASE
        WHEN strength.per_ml IS NULL THEN ''
        WHEN strength.per_ml = 1 THEN '/ML'
        ELSE '/' || spoken(strength.per_ml) || ' ML'
    END AS strength_text,
    level,
    $version AS source,
    'imported' AS checked
FROM single
