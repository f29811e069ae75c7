-- OMOP CDM 5.3 and 5.4: one drug exposure.
-- The drug goes by its standard concept; by the source's own concept where that is in a vocabulary the code lists know and
-- the standard one is not (or is 0); by the source's own words where there is neither, or by the national drug code that
-- stands there instead of words. What 0 stands for in days_supply,
-- quantity and refills is not known, so it says nothing. The same holds for an end that the standard made its builders
-- fill in: without a verbatim end, one on the first day (unless a ward or clinic recorded the dose it gave) or one at the
-- end of the supply. A supply of more than ten years that is only the distance of the two dates says nothing either.
-- A drug with a reason for stopping was stopped, unless the reason is that the course was over.
-- Of a vocabulary that is delivered with it, two more tables help when they hold rows. A drug whose own code is in no drug code
-- list goes by the RxNorm code of the listed ingredient that it descends from (concept_ancestor); a source's concept without a
-- standard one, by that of what it maps to (concept_relationship). And the strength of a product of one ingredient is looked up
-- (drug_strength) when its name says none: in mg, mcg or g, of a whole or of so many ml.
-- needs: drug_exposure.drug_exposure_id, drug_exposure.person_id, drug_exposure.drug_concept_id
-- needs: drug_exposure.drug_exposure_start_date
-- needs: concept.concept_id, concept.concept_code, concept.concept_name, concept.vocabulary_id
-- without concept_ancestor: a drug whose code is not listed goes by its name
-- without concept_relationship: a drug that has only a source's code which is not listed goes by its name
-- without drug_strength: a strength is known only from names and code lists
-- without visit_occurrence: nobody knows at which facility it was
WITH
concepts AS (
    -- Grouped, so that a concept that is listed twice doubles no row.
    SELECT
        TRY_CAST(c.concept_id AS BIGINT) AS concept_id,
        min(c.concept_code) AS code,
        min(c.concept_name) AS name,
        CASE min(c.vocabulary_id)
            WHEN 'RxNorm' THEN 'rxnorm'
            WHEN 'NDC' THEN 'ndc'
            WHEN 'ATC' THEN 'atc'
            WHEN 'SNOMED' THEN 'snomed'
            ELSE 'local'
        END AS system
    FROM raw.concept AS c
    WHERE TRY_CAST(c.concept_id AS BIGINT) <> 0
    GROUP BY TRY_CAST(c.concept_id AS BIGINT)
),

visits AS (
    SELECT
        TRY_CAST(v.visit_occurrence_id AS BIGINT) AS visit_id,
        min(v.care_site_id) AS care_site_id
    FROM raw.visit_occurrence AS v
    GROUP BY TRY_CAST(v.visit_occurrence_id AS BIGINT)
),

-- One code is in several lists.
listed AS (
    SELECT
        k.system,
        k.code,
        bool_or(k.level = 'ingredient') AS is_ingredient
    FROM codelists.drugs AS k
    GROUP BY k.system, k.code
),

listed_ingredients AS (
    SELECT
        c.concept_id,
        c.code,
        c.name
    FROM concepts AS c
    JOIN listed AS l ON c.system = l.system AND c.code = l.code
    WHERE l.system = 'rxnorm' AND l.is_ingredient
),

ancestors AS (
    SELECT
        TRY_CAST(a.descendant_concept_id AS BIGINT) AS product_id,
        TRY_CAST(a.ancestor_concept_id AS BIGINT) AS ancestor_id
    FROM raw.concept_ancestor AS a
),

-- Of a combination the same one every time; its name says the others.
ingredients AS (
    SELECT
        n.product_id,
        min(i.code) AS code,
        arg_min(i.name, i.code) AS name
    FROM ancestors AS n
    JOIN listed_ingredients AS i ON n.ancestor_id = i.concept_id
    GROUP BY n.product_id
),

mappings AS (
    SELECT
        TRY_CAST(y.concept_id_1 AS BIGINT) AS source_drug_id,
        min(TRY_CAST(y.concept_id_2 AS BIGINT)) AS product_id
    FROM raw.concept_relationship AS y
    WHERE y.relationship_id = 'Maps to' AND clean_text(y.invalid_reason) IS NULL
    GROUP BY TRY_CAST(y.concept_id_1 AS BIGINT)
    HAVING count(DISTINCT TRY_CAST(y.concept_id_2 AS BIGINT)) = 1
),

contents AS (
    SELECT
        TRY_CAST(t.drug_concept_id AS BIGINT) AS product_id,
        TRY_CAST(t.ingredient_concept_id AS BIGINT) AS ingredient_id,
        clean_text(t.amount_value) IS NULL AS is_concentration,
        TRY_CAST(if(is_concentration, t.numerator_value, t.amount_value) AS DECIMAL(18, 6)) AS mass,
        TRY_CAST(if(is_concentration, t.numerator_unit_concept_id, t.amount_unit_concept_id) AS BIGINT) AS mass_unit_id,
        TRY_CAST(t.denominator_value AS DECIMAL(18, 6)) AS volume,
        TRY_CAST(t.denominator_unit_concept_id AS BIGINT) AS volume_unit_id
    FROM raw.drug_strength AS t
    WHERE clean_text(t.invalid_reason) IS NULL
),

-- The standard's own numbers, since an extract may hold only the concepts that its records name: mg, mcg and g, and mL.
written AS (
    SELECT
        q.product_id,
        q.ingredient_id,
        regexp_replace(CAST(q.mass AS VARCHAR), '\.?0+$', '')
        || CASE q.mass_unit_id WHEN 8576 THEN ' mg' WHEN 9655 THEN ' mcg' WHEN 8504 THEN ' g' END
        || CASE
            WHEN NOT q.is_concentration THEN ''
            WHEN q.volume_unit_id = 8587
                THEN '/' || coalesce(regexp_replace(CAST(nullif(q.volume, 0) AS VARCHAR), '\.?0+$', '') || ' ', '') || 'mL'
        END AS strength,
        q.mass > 0 AND strength IS NOT NULL AS is_written
    FROM contents AS q
),

strengths AS (
    SELECT
        w.product_id,
        min(w.strength) AS strength
    FROM written AS w
    GROUP BY w.product_id
    HAVING count(DISTINCT w.ingredient_id) = 1 AND count(DISTINCT w.strength) = 1 AND bool_and(coalesce(w.is_written, FALSE))
),

exposures AS (
    SELECT
        d.drug_exposure_id,
        d.person_id,
        TRY_CAST(d.drug_concept_id AS BIGINT) AS drug_id,
        TRY_CAST(d.drug_source_concept_id AS BIGINT) AS source_drug_id,
        TRY_CAST(d.route_concept_id AS BIGINT) AS route_id,
        TRY_CAST(d.visit_occurrence_id AS BIGINT) AS visit_id,
        TRY_CAST(d.drug_type_concept_id AS BIGINT) AS type_id,
        clean_text(d.drug_source_value) AS drug_source_value,
        clean_text(d.route_source_value) AS route_source_value,
        coalesce(clean_text(d.drug_exposure_start_date), clean_text(d.drug_exposure_start_datetime)) AS start_date,
        coalesce(clean_text(d.drug_exposure_end_date), clean_text(d.drug_exposure_end_datetime)) AS end_date,
        clean_text(d.verbatim_end_date) AS verbatim_end_date,
        lower(clean_text(d.stop_reason)) AS stop_reason,
        if(TRY_CAST(d.days_supply AS DOUBLE) = 0, NULL, d.days_supply) AS days_supply,
        if(TRY_CAST(d.quantity AS DOUBLE) = 0, NULL, d.quantity) AS quantity,
        if(TRY_CAST(d.refills AS DOUBLE) = 0, NULL, d.refills) AS refills,
        d.dose_unit_source_value,
        d.sig,
        d.provider_id,
        d.file,
        d.line
    FROM raw.drug_exposure AS d
),

spans AS (
    SELECT
        *,
        TRY_CAST(end_date AS DATE) - TRY_CAST(start_date AS DATE) AS days_between,
        TRY_CAST(days_supply AS DOUBLE) AS supply,
        -- EHR administration record, inpatient administration, and three kinds of physician administered drug.
        coalesce(type_id IN (32818, 38000180, 38000179, 43542358, 581373), FALSE) AS is_administration
    FROM exposures
),

coded AS (
    SELECT
        s.*,
        coalesce(nullif(s.drug_id, 0), m.product_id) AS product_id,
        if(o.system <> 'local' AND coalesce(c.system, 'local') = 'local', o.code, coalesce(c.code, o.code)) AS own_code,
        if(o.system <> 'local' AND coalesce(c.system, 'local') = 'local', o.system, coalesce(c.system, o.system)) AS own_system,
        coalesce(c.name, o.name, s.drug_source_value) AS own_name,
        c.code IS NULL AND o.code IS NULL
        AND coalesce(regexp_full_match(s.drug_source_value, '\d{11}|\d{4,5}-\d{3,4}-\d{1,2}'), FALSE) AS is_ndc,
        coalesce(r.name, s.route_source_value) AS route
    FROM spans AS s
    LEFT JOIN concepts AS c ON s.drug_id = c.concept_id
    LEFT JOIN concepts AS o ON s.source_drug_id = o.concept_id
    LEFT JOIN concepts AS r ON s.route_id = r.concept_id
    LEFT JOIN mappings AS m ON s.source_drug_id = m.source_drug_id
)

SELECT
    e.drug_exposure_id AS prescription_id,
    e.person_id AS patient_id,
    if(e.is_ndc, e.own_name, if(l.code IS NULL, coalesce(i.code, e.own_code), e.own_code)) AS drug_code,
    if(e.is_ndc, 'ndc', if(l.code IS NULL AND i.code IS NOT NULL, 'rxnorm', e.own_system)) AS drug_code_system,
    if(e.is_ndc, NULL, coalesce(e.own_name, i.name)) AS drug_name,
    e.route,
    e.start_date,
    CASE
        WHEN e.verbatim_end_date IS NOT NULL THEN e.verbatim_end_date
        WHEN e.days_between = 0 AND NOT e.is_administration THEN NULL
        WHEN e.days_between IN (e.supply, e.supply - 1) THEN NULL
        ELSE e.end_date
    END AS end_date,
    CASE
        WHEN e.stop_reason IS NULL THEN 'unknown'
        WHEN regexp_matches(e.stop_reason, 'entered.in.error') THEN 'entered-in-error'
        WHEN contains(e.stop_reason, 'complet') THEN 'completed'
        ELSE 'stopped'
    END AS status,
    e.dose_unit_source_value AS dose_unit,
    e.sig,
    if(len(strengths_in(e.own_name)) > 0, NULL, g.strength) AS strength,
    e.quantity,
    if(e.supply > 3660 AND e.supply IN (e.days_between, e.days_between + 1), NULL, e.days_supply) AS days_supply,
    e.refills,
    e.provider_id AS prescriber_id,
    v.care_site_id AS facility_id,
    e.file,
    e.line
FROM coded AS e
LEFT JOIN listed AS l
    ON e.own_system = l.system AND if(e.own_system = 'ndc', ndc_products(e.own_code)[1], e.own_code) = l.code
LEFT JOIN ingredients AS i ON e.product_id = i.product_id
LEFT JOIN strengths AS g ON e.product_id = g.product_id
LEFT JOIN visits AS v ON e.visit_id = v.visit_id
