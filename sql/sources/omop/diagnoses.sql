-- OMOP CDM 5.3 and 5.4: one condition occurrence.
-- The source's own ICD code goes first, since mapping it to SNOMED loses detail; else the standard concept, else the source's
-- own SNOMED concept. A condition without any of them is left without a code, and so is one in another vocabulary.
-- needs: condition_occurrence.condition_occurrence_id, condition_occurrence.person_id
-- needs: condition_occurrence.condition_concept_id, condition_occurrence.condition_start_date
-- needs: concept.concept_id, concept.concept_code, concept.concept_name, concept.vocabulary_id
WITH
concepts AS (
    -- Grouped, so that a concept that is listed twice doubles no row.
    SELECT
        TRY_CAST(c.concept_id AS BIGINT) AS concept_id,
        min(c.concept_code) AS code,
        min(c.concept_name) AS name,
        lower(min(c.vocabulary_id)) AS system
    FROM raw.concept AS c
    WHERE TRY_CAST(c.concept_id AS BIGINT) <> 0
    GROUP BY TRY_CAST(c.concept_id AS BIGINT)
),

conditions AS (
    SELECT
        x.condition_occurrence_id,
        x.person_id,
        TRY_CAST(x.condition_concept_id AS BIGINT) AS concept_id,
        TRY_CAST(x.condition_source_concept_id AS BIGINT) AS source_concept_id,
        clean_text(x.condition_source_value) AS condition_source_value,
        coalesce(clean_text(x.condition_start_date), clean_text(x.condition_start_datetime)) AS start_date,
        coalesce(clean_text(x.condition_end_date), clean_text(x.condition_end_datetime)) AS end_date,
        x.visit_occurrence_id,
        x.file,
        x.line
    FROM raw.condition_occurrence AS x
),

choices AS (
    SELECT
        x.*,
        coalesce(o.system IN ('icd10cm', 'icd9cm') OR c.code IS NULL, FALSE) AS takes_source,
        c.code AS standard_code,
        c.system AS standard_system,
        c.name AS standard_name,
        o.code AS source_code,
        o.system AS source_system,
        o.name AS source_name
    FROM conditions AS x
    LEFT JOIN concepts AS c ON x.concept_id = c.concept_id
    LEFT JOIN concepts AS o ON x.source_concept_id = o.concept_id
)

SELECT
    condition_occurrence_id AS diagnosis_id,
    person_id AS patient_id,
    coalesce(if(takes_source, source_code, standard_code), condition_source_value) AS code,
    if(takes_source, source_system, standard_system) AS code_system,
    if(takes_source, source_name, standard_name) AS name,
    start_date AS recorded_date,
    end_date AS resolved_date,
    visit_occurrence_id AS encounter_id,
    file,
    line
FROM choices
