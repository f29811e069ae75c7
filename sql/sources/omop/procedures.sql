-- OMOP CDM 5.3 and 5.4: one procedure occurrence.
-- The source's own ICD, CPT or HCPCS code goes first, since mapping it loses detail; else the standard concept, else the
-- source's own SNOMED concept. A procedure without any of them is left without a code system.
-- needs: procedure_occurrence.procedure_occurrence_id, procedure_occurrence.person_id
-- needs: procedure_occurrence.procedure_concept_id, procedure_occurrence.procedure_date
-- needs: concept.concept_id, concept.concept_code, concept.concept_name, concept.vocabulary_id
WITH
concepts AS (
    -- Grouped, so that a concept that is listed twice doubles no row.
    SELECT
        TRY_CAST(c.concept_id AS BIGINT) AS concept_id,
        min(c.concept_code) AS code,
        min(c.concept_name) AS name,
        CASE min(c.vocabulary_id)
            WHEN 'CPT4' THEN 'cpt'
            WHEN 'ICD9Proc' THEN 'icd9pcs'
            ELSE lower(min(c.vocabulary_id))
        END AS system
    FROM raw.concept AS c
    WHERE TRY_CAST(c.concept_id AS BIGINT) <> 0
    GROUP BY TRY_CAST(c.concept_id AS BIGINT)
),

procedures AS (
    SELECT
        x.procedure_occurrence_id,
        x.person_id,
        TRY_CAST(x.procedure_concept_id AS BIGINT) AS concept_id,
        TRY_CAST(x.procedure_source_concept_id AS BIGINT) AS source_concept_id,
        clean_text(x.procedure_source_value) AS procedure_source_value,
        coalesce(clean_text(x.procedure_datetime), clean_text(x.procedure_date)) AS performed_at,
        x.file,
        x.line
    FROM raw.procedure_occurrence AS x
),

choices AS (
    SELECT
        x.*,
        coalesce(o.system IN ('cpt', 'hcpcs', 'icd10pcs', 'icd9pcs') OR c.code IS NULL, FALSE) AS takes_source,
        c.code AS standard_code,
        c.system AS standard_system,
        c.name AS standard_name,
        o.code AS source_code,
        o.system AS source_system,
        o.name AS source_name
    FROM procedures AS x
    LEFT JOIN concepts AS c ON x.concept_id = c.concept_id
    LEFT JOIN concepts AS o ON x.source_concept_id = o.concept_id
)

SELECT
    procedure_occurrence_id AS procedure_id,
    person_id AS patient_id,
    coalesce(if(takes_source, source_code, standard_code), procedure_source_value) AS code,
    if(takes_source, source_system, standard_system) AS code_system,
    if(takes_source, source_name, standard_name) AS name,
    performed_at,
    file,
    line
FROM choices
