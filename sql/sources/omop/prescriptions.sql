-- OMOP CDM 5.3 and 5.4: one drug exposure.
-- The drug goes by its standard concept; by the source's own concept where that is in a vocabulary the code lists know and
-- the standard one is not (or is 0); by the source's own words where there is neither. What 0 stands for in days_supply,
-- quantity and refills is not known, so it says nothing. The same holds for an end that the standard made its builders
-- fill in: without a verbatim end, one on the first day (unless a ward or clinic recorded the dose it gave) or one at the
-- end of the supply. A supply of more than ten years that is only the distance of the two dates says nothing either.
-- A drug with a reason for stopping was stopped, unless the reason is that the course was over.
-- needs: drug_exposure.drug_exposure_id, drug_exposure.person_id, drug_exposure.drug_concept_id
-- needs: drug_exposure.drug_exposure_start_date
-- needs: concept.concept_id, concept.concept_code, concept.concept_name, concept.vocabulary_id
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
)

SELECT
    s.drug_exposure_id AS prescription_id,
    s.person_id AS patient_id,
    if(o.system <> 'local' AND coalesce(c.system, 'local') = 'local', o.code, coalesce(c.code, o.code)) AS drug_code,
    if(o.system <> 'local' AND coalesce(c.system, 'local') = 'local', o.system, coalesce(c.system, o.system))
        AS drug_code_system,
    coalesce(c.name, o.name, s.drug_source_value) AS drug_name,
    coalesce(r.name, s.route_source_value) AS route,
    s.start_date,
    CASE
        WHEN s.verbatim_end_date IS NOT NULL THEN s.verbatim_end_date
        WHEN s.days_between = 0 AND NOT s.is_administration THEN NULL
        WHEN s.days_between IN (s.supply, s.supply - 1) THEN NULL
        ELSE s.end_date
    END AS end_date,
    CASE
        WHEN s.stop_reason IS NULL THEN 'unknown'
        WHEN regexp_matches(s.stop_reason, 'entered.in.error') THEN 'entered-in-error'
        WHEN contains(s.stop_reason, 'complet') THEN 'completed'
        ELSE 'stopped'
    END AS status,
    s.dose_unit_source_value AS dose_unit,
    s.sig,
    s.quantity,
    if(s.supply > 3660 AND s.supply IN (s.days_between, s.days_between + 1), NULL, s.days_supply) AS days_supply,
    s.refills,
    s.provider_id AS prescriber_id,
    v.care_site_id AS facility_id,
    s.file,
    s.line
FROM spans AS s
LEFT JOIN concepts AS c ON s.drug_id = c.concept_id
LEFT JOIN concepts AS o ON s.source_drug_id = o.concept_id
LEFT JOIN concepts AS r ON s.route_id = r.concept_id
LEFT JOIN visits AS v ON s.visit_id = v.visit_id
