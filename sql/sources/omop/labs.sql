-- OMOP CDM 5.3 and 5.4: one measurement.
-- The test goes by its standard concept, or by the source's own where only that is LOINC; by the source's own words where
-- there is neither. The value is the number, with the operator before it; else the source's own text, else the name of the
-- value's concept. A measurement that has none of them was made and has no result on file (a panel, a screening): its value
-- is `no result`, which is a text like `see note`. The unit is the concept's UCUM code, or its name, or the source's own.
-- needs: measurement.measurement_id, measurement.person_id, measurement.measurement_concept_id
-- needs: measurement.measurement_date
-- needs: concept.concept_id, concept.concept_code, concept.concept_name, concept.vocabulary_id
-- without visit_occurrence: nobody knows at which facility it was
WITH
concepts AS (
    -- Grouped, so that a concept that is listed twice doubles no row.
    SELECT
        TRY_CAST(c.concept_id AS BIGINT) AS concept_id,
        min(c.concept_code) AS code,
        min(c.concept_name) AS name,
        min(c.vocabulary_id) AS vocabulary,
        if(min(c.vocabulary_id) = 'LOINC', 'loinc', 'local') AS system
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

measurements AS (
    SELECT
        m.measurement_id,
        m.person_id,
        TRY_CAST(m.measurement_concept_id AS BIGINT) AS test_id,
        TRY_CAST(m.measurement_source_concept_id AS BIGINT) AS source_test_id,
        TRY_CAST(m.value_as_concept_id AS BIGINT) AS value_id,
        TRY_CAST(m.unit_concept_id AS BIGINT) AS unit_id,
        TRY_CAST(m.visit_occurrence_id AS BIGINT) AS visit_id,
        CASE TRY_CAST(m.operator_concept_id AS BIGINT)
            WHEN 4171756 THEN '<'
            WHEN 4171754 THEN '<='
            WHEN 4172704 THEN '>'
            WHEN 4171755 THEN '>='
            ELSE ''
        END AS sign,
        clean_text(m.value_as_number) AS value_as_number,
        clean_text(m.value_source_value) AS value_source_value,
        clean_text(m.measurement_source_value) AS measurement_source_value,
        clean_text(m.unit_source_value) AS unit_source_value,
        coalesce(clean_text(m.measurement_datetime), clean_text(m.measurement_date)) AS collected_at,
        m.range_low,
        m.range_high,
        m.file,
        m.line
    FROM raw.measurement AS m
)

SELECT
    m.measurement_id AS lab_id,
    m.person_id AS patient_id,
    m.collected_at,
    if(o.system = 'loinc' AND coalesce(c.system, 'local') = 'local', o.code, coalesce(c.code, o.code)) AS test_code,
    if(o.system = 'loinc' AND coalesce(c.system, 'local') = 'local', o.system, coalesce(c.system, o.system))
        AS test_code_system,
    coalesce(c.name, o.name, m.measurement_source_value) AS test_name,
    -- An operator that was left in the source's own text: 15 of `<15`.
    if(
        m.sign = '' AND as_number(bound_in(m.value_source_value).number) = as_number(m.value_as_number),
        m.value_source_value,
        coalesce(m.sign || m.value_as_number, m.value_source_value, a.name, 'no result')
    ) AS value,
    coalesce(if(u.vocabulary = 'UCUM', u.code, u.name), m.unit_source_value) AS unit,
    m.range_low AS reference_low,
    m.range_high AS reference_high,
    v.care_site_id AS facility_id,
    m.file,
    m.line
FROM measurements AS m
LEFT JOIN concepts AS c ON m.test_id = c.concept_id
LEFT JOIN concepts AS o ON m.source_test_id = o.concept_id
LEFT JOIN concepts AS a ON m.value_id = a.concept_id
LEFT JOIN concepts AS u ON m.unit_id = u.concept_id
LEFT JOIN visits AS v ON m.visit_id = v.visit_id
