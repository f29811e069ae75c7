-- One ingredient of one distinct product: what it is, by which route it is given, and how much of it a dose unit holds.
-- Products that hold no ingredient of a drug code list are not here.
-- product_id: product, see clean.products
-- drug_code: code as sent
-- drug_code_system: system of the code as sent
-- drug_name: name as sent
-- route: route as sent
-- strength: strength as sent
-- dose_unit: unit of the dose quantity as sent
-- ingredient: ingredient
-- matched_by: code:rxnorm, code:ndc, code:atc, code:snomed, or name
-- name_agrees: whether the name says the ingredient that the code stands for, and no other strength; NULL without a name
-- route_group: oral, injectable, intrathecal, topical, vaginal, ophthalmic or other; NULL when neither the route, nor the
--   code, nor a dose form says it. The route as sent decides unless it contradicts the dose form (a tablet given as an
--   injection), and all injectable baclofen is intrathecal
-- product_class: for magnesium: supplement, laxative_antacid, bowel_prep or intravenous; NULL when neither the code, nor the
--   name, nor the route says it
-- salt: magnesium salt
-- elemental_fraction: share of elemental magnesium in the salt
-- strength_mg: mg of a tablet or capsule, or in `per_ml` ml; a tablet of more than 20 g is none, and not believed
--   Two that are told and differ by more than a salt does (the code says 10 mg, the name 20 mg) leave it unknown
-- per_ml: ml that hold `strength_mg`; NULL for tablets and capsules
-- strength_source: where the strength comes from: code, strength or name
-- dose_unit_kind: what the dose unit measures: mass, volume, amount or count; NULL when it does not say
-- mg_per_dose_unit: mg, as labelled, of one dose unit
-- elemental_mg_per_dose_unit: mg of elemental magnesium of one dose unit
WITH
products AS (SELECT * FROM clean.products),

code_matches AS (SELECT * FROM clean.drug_code_matches),

name_matches AS (SELECT * FROM clean.drug_name_matches),

route_codes AS (SELECT * FROM codelists.routes),

magnesium_salts AS (SELECT * FROM codelists.magnesium_salts),

by_code AS (
    SELECT
        p.product_id,
        m.ingredient,
        m.matched_by,
        n.ingredient IS NOT NULL OR contains(p.words, words_of(m.ingredient)) AS name_agrees,
        CASE WHEN m.level IN ('product', 'drug') THEN m.route_group END AS product_route_group,
        coalesce(m.route_group, n.route_group) AS usual_route_group,
        coalesce(m.product_class, n.product_class) AS known_class,
        m.salt,
        m.strength_mg,
        m.per_ml
    FROM products AS p
    JOIN code_matches AS m USING (product_id)
    LEFT JOIN name_matches AS n ON p.words = n.words AND m.ingredient = n.ingredient
    WHERE m.certain OR p.words IS NULL OR n.ingredient IS NOT NULL
),

-- The name where the code says nothing, and the further ingredients of a combination whose code stands for one of them.
by_name AS (
    SELECT
        p.product_id,
        n.ingredient,
        'name' AS matched_by,
        TRUE AS name_agrees,
        NULL AS product_route_group,
        n.route_group AS usual_route_group,
        n.product_class AS known_class,
        NULL AS salt,
        NULL AS strength_mg,
        NULL AS per_ml
    FROM products AS p
    JOIN name_matches AS n USING (words)
    LEFT JOIN by_code AS c USING (product_id)
    GROUP BY ALL
    HAVING count(c.ingredient) = 0 OR (bool_or(c.name_agrees) AND NOT bool_or(c.ingredient = n.ingredient))
),

identified AS (
    SELECT * FROM by_code
    UNION ALL
    SELECT * FROM by_name
),

routes AS (
    SELECT lower(trim(route)) AS route, any_value(route_group) AS route_group FROM route_codes GROUP BY ALL
),

named_salts AS (
    SELECT p.product_id, any_value(s.salt) AS salt
    FROM products AS p
    JOIN identified AS i USING (product_id)
    JOIN magnesium_salts AS s ON contains(p.words, words_of(s.words))
    WHERE i.ingredient = 'magnesium'
    GROUP BY p.product_id
    HAVING count(DISTINCT s.salt) = 1
),

fractions AS (
    SELECT salt, any_value(TRY_CAST(elemental_fraction AS DOUBLE)) AS elemental_fraction
    FROM magnesium_salts
    GROUP BY salt
),

texts AS (
    SELECT
        i.*,
        p.drug_code,
        p.drug_code_system,
        p.drug_name,
        p.route,
        p.strength,
        p.dose_unit,
        p.words,
        p.form_words,
        coalesce(r.route_group, form_route_group(words_of(p.route))) AS sent_route_group,
        coalesce(i.product_route_group, form_route_group(p.words)) AS form_group,
        coalesce(i.salt, s.salt) AS any_salt,
        measure_of(p.dose_unit) AS measure,
        strengths_in(p.strength) AS sent_strengths,
        strengths_in(p.drug_name) AS named_strengths,
        flatten(list_transform(
            list_filter(
                string_split(p.drug_name, ' / '), lambda part: contains(words_of(part), words_of(i.ingredient))
            ),
            lambda part: strengths_in(part)
        )) AS part_strengths,
        list_distinct(
            regexp_extract_all(concat_ws(' ', p.strength, p.drug_name), '(?:^|[^0-9.,])(\d+(?:\.\d+)?) ?%', 1)
        ) AS percentages
    FROM identified AS i
    JOIN products AS p USING (product_id)
    LEFT JOIN routes AS r ON lower(trim(p.route)) = r.route
    LEFT JOIN named_salts AS s USING (product_id)
),

routed AS (
    SELECT
        *,
        CASE
            WHEN sent_route_group IS NULL
                THEN coalesce(form_group, usual_route_group, form_route_group(form_words))
            WHEN form_group IS NULL OR form_group = sent_route_group THEN sent_route_group
            WHEN form_group = 'injectable' AND sent_route_group = 'intrathecal' THEN sent_route_group
            ELSE form_group
        END AS any_route_group,
        CASE
            WHEN strength_mg IS NOT NULL THEN {'mg': strength_mg, 'per_ml': per_ml, 'source': 'code'}
            WHEN len(sent_strengths) = 1
                THEN {'mg': sent_strengths[1].mg, 'per_ml': sent_strengths[1].per_ml, 'source': 'strength'}
            WHEN len(named_strengths) = 1
                THEN {'mg': named_strengths[1].mg, 'per_ml': named_strengths[1].per_ml, 'source': 'name'}
            WHEN len(part_strengths) = 1
                THEN {'mg': part_strengths[1].mg, 'per_ml': part_strengths[1].per_ml, 'source': 'name'}
            -- Grams in 100 ml. Of other drugs a percentage may be that of the fluid in which they are given.
            WHEN ingredient = 'albumin human' AND len(percentages) = 1 AND percentages[1] IN ('4', '4.5', '5', '20', '25')
                THEN {
                        'mg': 10 * CAST(percentages[1] AS DOUBLE), 'per_ml': 1,
                        'source': if(contains(strength, '%'), 'strength', 'name')
                    }
        END AS any_size,
        -- Of magnesium one may name the salt and another the element.
        if(
            ingredient = 'magnesium', FALSE,
            strengths_differ(
                [{'mg': strength_mg, 'per_ml': per_ml}]
                || if(len(sent_strengths) = 1, sent_strengths, [])
                || if(len(named_strengths) = 1, named_strengths, [])
            )
        ) AS is_disputed,
        per_ml IS NOT NULL
        OR coalesce(measure.kind = 'volume', FALSE)
        OR regexp_matches(form_words, ' (solution|liquid|suspension|syrup|elixir|bottle|btl|([0-9]+)?ml) ') AS liquid
    FROM texts
),

believed AS (
    SELECT
        * EXCLUDE (any_size, any_salt),
        -- Under 100 mg there is next to no magnesium in a tablet of a heavy salt: that is the element (64 mg of Slow-Mag).
        if(
            any_salt IN ('chloride', 'lactate', 'gluconate') AND any_size.per_ml IS NULL AND any_size.mg < 100,
            'elemental', any_salt
        ) AS any_salt,
        CASE WHEN NOT is_disputed AND (any_size.per_ml IS NOT NULL OR any_size.mg <= 20000) THEN any_size END AS size
    FROM routed
),

measured AS (
    SELECT
        r.*,
        f.elemental_fraction,
        CASE
            -- Its only cream is a vaginal one.
            WHEN ingredient = 'conjugated estrogens' AND any_route_group = 'topical' THEN 'vaginal'
            WHEN ingredient != 'baclofen' THEN any_route_group
            WHEN any_route_group = 'injectable' THEN 'intrathecal'
            WHEN any_route_group IS NULL AND regexp_matches(form_words, '[0-9 ](mcg|microgram) ') THEN 'intrathecal'
            ELSE any_route_group
        END AS route_group,
        CASE measure.kind
            WHEN 'mass' THEN measure.size
            WHEN 'count' THEN CASE WHEN size.per_ml IS NULL THEN size.mg END
            WHEN 'volume' THEN measure.size * size.mg / size.per_ml
            WHEN 'amount' THEN CASE WHEN ingredient = 'magnesium' THEN measure.size * 24.305 / f.elemental_fraction END
        END AS mg_per_dose_unit
    FROM believed AS r
    LEFT JOIN fractions AS f ON r.ingredient = 'magnesium' AND r.any_salt = f.salt
)

SELECT
    product_id,
    drug_code,
    drug_code_system,
    drug_name,
    route,
    strength,
    dose_unit,
    ingredient,
    matched_by,
    name_agrees AND NOT (is_disputed AND strength_mg IS NOT NULL) AS name_agrees,
    route_group,
    CASE
        WHEN ingredient != 'magnesium' THEN NULL
        WHEN route_group = 'injectable' THEN 'intravenous'
        WHEN known_class != 'intravenous' THEN known_class
        WHEN any_salt = 'sulfate' AND route_group IS NULL THEN NULL
        WHEN any_salt IN ('hydroxide', 'sulfate', 'carbonate', 'trisilicate') THEN 'laxative_antacid'
        WHEN any_salt = 'citrate' AND liquid THEN 'laxative_antacid'
        WHEN route_group IS NOT NULL THEN 'supplement'
    END AS product_class,
    any_salt AS salt,
    elemental_fraction,
    size.mg AS strength_mg,
    size.per_ml,
    size.source AS strength_source,
    measure.kind AS dose_unit_kind,
    mg_per_dose_unit,
    CASE
        WHEN ingredient = 'magnesium' AND measure.kind = 'amount' THEN measure.size * 24.305
        ELSE mg_per_dose_unit * elemental_fraction
    END AS elemental_mg_per_dose_unit
FROM measured
