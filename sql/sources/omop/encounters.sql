-- OMOP CDM 5.3 and 5.4: one visit occurrence.
-- The four kinds of visit that the standard names first are known by number, the others by the words of their concept or,
-- without one, of the source. An emergency visit that became an inpatient stay is inpatient. Whatever none of these names is
-- handed on as it stands, and so ends in quarantine as an unknown class.
-- needs: visit_occurrence.visit_occurrence_id, visit_occurrence.person_id, visit_occurrence.visit_concept_id
-- needs: visit_occurrence.visit_start_date
-- without concept: the class of a visit is known from four numbers and the source's own words
WITH
concepts AS (
    SELECT
        TRY_CAST(c.concept_id AS BIGINT) AS concept_id,
        lower(min(c.concept_name)) AS name
    FROM raw.concept AS c
    WHERE TRY_CAST(c.concept_id AS BIGINT) <> 0
    GROUP BY TRY_CAST(c.concept_id AS BIGINT)
),

visits AS (
    SELECT
        v.visit_occurrence_id,
        v.person_id,
        v.care_site_id,
        TRY_CAST(v.visit_concept_id AS BIGINT) AS kind_id,
        lower(clean_text(v.visit_source_value)) AS visit_source_value,
        coalesce(clean_text(v.visit_start_datetime), clean_text(v.visit_start_date)) AS started_at,
        coalesce(clean_text(v.visit_end_datetime), clean_text(v.visit_end_date)) AS ended_at,
        v.file,
        v.line
    FROM raw.visit_occurrence AS v
),

worded_visits AS (
    SELECT
        v.*,
        coalesce(c.name, v.visit_source_value) AS words
    FROM visits AS v
    LEFT JOIN concepts AS c ON v.kind_id = c.concept_id
)

SELECT
    visit_occurrence_id AS encounter_id,
    person_id AS patient_id,
    CASE
        WHEN kind_id IN (9201, 262) THEN 'inpatient'
        WHEN kind_id = 9203 THEN 'emergency'
        WHEN kind_id = 9202 THEN 'outpatient'
        WHEN regexp_matches(words, 'inpatient|intensive care') THEN 'inpatient'
        WHEN regexp_matches(words, 'emergency') THEN 'emergency'
        WHEN regexp_matches(words, 'telehealth|telephone|virtual|online') THEN 'virtual'
        WHEN regexp_matches(words, 'outpatient|office|ambulatory|clinic|home|urgent care|laboratory|pharmacy|non-hospital')
            THEN 'outpatient'
        ELSE words
    END AS class,
    started_at,
    ended_at,
    care_site_id AS facility_id,
    file,
    line
FROM worded_visits
