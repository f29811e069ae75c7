-- FHIR R4: one Procedure.
-- A CPT, HCPCS or ICD-10-PCS code goes before ICD-9 and SNOMED; a code of another system is handed on with that system's
-- name, and so ends in quarantine as an unknown one. The time is the beginning of what is stated, at its earliest when it
-- is not exact (a year, an age). A procedure that was not done, not yet done or entered in error asks to be removed;
-- one that was stopped had begun, and counts.
-- needs: procedure.resource
-- without patient: a day that is told as an age is not known
WITH
births AS (
    -- Grouped, so that a patient who is listed twice doubles no row.
    SELECT
        p.resource ->> '$.id' AS patient_id,
        min(TRY_CAST(first_day_of(p.resource ->> '$.birthDate') AS DATE)) AS birth_date
    FROM raw.patient AS p
    GROUP BY p.resource ->> '$.id'
),

parsed AS (
    SELECT
        from_json(
            x.resource,
            '{
                "id": "VARCHAR",
                "status": "VARCHAR",
                "code": {"coding": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"},
                "subject": {"reference": "VARCHAR"},
                "performedDateTime": "VARCHAR",
                "performedPeriod": {"start": "VARCHAR", "end": "VARCHAR"},
                "performedAge": {"value": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"},
                "performedRange": {"low": {"value": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"}}
            }'
        ) AS procedure,
        x.file,
        x.line
    FROM raw.procedure AS x
),

procedures AS (
    SELECT
        p.procedure,
        subject_id(p.procedure.subject.reference) AS patient_id,
        coding_in(
            p.procedure.code.coding, ['cpt', 'hcpcs', 'icd10pcs', 'icd9pcs', 'icd9cm', 'snomed'], NULL
        ) AS coding,
        coalesce(p.procedure.performedage, p.procedure.performedrange.low) AS age,
        p.file,
        p.line
    FROM parsed AS p
)

SELECT
    p.procedure.id AS procedure_id,
    p.patient_id,
    p.coding.code,
    -- FHIR has one name for both volumes of ICD-9-CM.
    if(p.coding.system = 'icd9cm', 'icd9pcs', p.coding.system) AS code_system,
    coalesce(p.procedure.code.text, p.coding.display) AS name,
    coalesce(
        first_day_of(p.procedure.performeddatetime),
        first_day_of(coalesce(p.procedure.performedperiod.start, p.procedure.performedperiod."end")),
        when_aged(b.birth_date, p.age.value, coalesce(p.age.code, p.age.unit))
    ) AS performed_at,
    if(p.procedure.status IN ('preparation', 'not-done', 'on-hold', 'entered-in-error'), 'true', NULL) AS deleted,
    p.file,
    p.line
FROM procedures AS p
LEFT JOIN births AS b ON p.patient_id = b.patient_id
