-- FHIR R4: one Patient.
-- Of a birth date without its day the 15th is taken, of one without its month the 1st of July: at most half a year off. A death
-- without its day is put at the latest it can have been, which is not after the record was last changed; so is one
-- of which the record only says that it happened (deceasedBoolean).
-- needs: patient.resource
WITH
parsed AS (
    SELECT
        from_json(
            p.resource,
            '{
                "id": "VARCHAR",
                "meta": {"lastUpdated": "VARCHAR"},
                "birthDate": "VARCHAR",
                "gender": "VARCHAR",
                "deceasedDateTime": "VARCHAR",
                "deceasedBoolean": "VARCHAR",
                "managingOrganization": {"reference": "VARCHAR"}
            }'
        ) AS patient,
        p.file,
        p.line
    FROM raw.patient AS p
),

people AS (
    SELECT
        p.patient,
        p.file,
        p.line,
        if(
            p.patient.deceasedboolean = 'true',
            p.patient.meta.lastupdated,
            -- The day alone: a time would be turned into another zone, and be compared with one that was not.
            if(
                strlen(p.patient.deceaseddatetime) < 10,
                least(last_day_of(p.patient.deceaseddatetime), left(p.patient.meta.lastupdated, 10)),
                p.patient.deceaseddatetime
            )
        ) AS death_date
    FROM parsed AS p
)

SELECT
    p.patient.id AS patient_id,
    CASE strlen(p.patient.birthdate)
        WHEN 4 THEN p.patient.birthdate || '-07-01'
        WHEN 7 THEN p.patient.birthdate || '-15'
        ELSE p.patient.birthdate
    END AS birth_date,
    coalesce(p.patient.gender, 'unknown') AS sex,
    p.death_date,
    reference_id(p.patient.managingorganization.reference) AS facility_id,
    p.file,
    p.line
FROM people AS p
