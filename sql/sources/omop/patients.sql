-- OMOP CDM 5.3 and 5.4: one person, with the day of death from the table `death`.
-- Of a birth without its day the 15th is taken, of one without its month the 1st of July: at most half a year off.
-- needs: person.person_id, person.gender_concept_id, person.year_of_birth
-- without death: nobody is known to have died
WITH
deaths AS (
    -- The earliest, so that a person who is listed twice stays one row.
    SELECT
        d.person_id,
        min(coalesce(clean_text(d.death_date), clean_text(d.death_datetime))) AS death_date
    FROM raw.death AS d
    GROUP BY d.person_id
),

births AS (
    SELECT
        p.person_id,
        p.gender_concept_id,
        lower(clean_text(p.gender_source_value)) AS gender,
        p.care_site_id,
        clean_text(p.birth_datetime) AS birth_datetime,
        p.year_of_birth,
        TRY_CAST(p.year_of_birth AS INTEGER) AS birth_year,
        TRY_CAST(p.month_of_birth AS INTEGER) AS birth_month,
        TRY_CAST(p.day_of_birth AS INTEGER) AS birth_day,
        p.file,
        p.line
    FROM raw.person AS p
)

SELECT
    b.person_id AS patient_id,
    coalesce(
        b.birth_datetime,
        CASE
            WHEN b.birth_month IS NULL THEN format('{:04d}-07-01', b.birth_year)
            ELSE format('{:04d}-{:02d}-{:02d}', b.birth_year, b.birth_month, coalesce(b.birth_day, 15))
        END,
        b.year_of_birth
    ) AS birth_date,
    CASE
        WHEN TRY_CAST(b.gender_concept_id AS BIGINT) = 8532 OR b.gender IN ('f', 'female') THEN 'female'
        WHEN TRY_CAST(b.gender_concept_id AS BIGINT) = 8507 OR b.gender IN ('m', 'male') THEN 'male'
        WHEN TRY_CAST(b.gender_concept_id AS BIGINT) IN (8521, 8570) THEN 'other'
        ELSE 'unknown'
    END AS sex,
    d.death_date,
    b.care_site_id AS facility_id,
    b.file,
    b.line
FROM births AS b
LEFT JOIN deaths AS d ON b.person_id = d.person_id
