-- FHIR R4: one Condition.
-- An ICD code goes before SNOMED, since mapping it loses detail; a code of another system is handed on with that system's name,
-- and so ends in quarantine as an unknown one. The day is that of the onset, else the one on which the condition was recorded,
-- else the first of the encounter that it is of. An onset that is not exact (a year, an age, a range) is taken at its earliest
-- and an end at its latest, so that nothing is thought to be over while it may last; words (`in childhood`) give no day. What
-- was over before somebody wrote it down was there on its last day. A condition that was refuted or entered in error asks to be
-- removed.
-- needs: condition.resource
-- without encounter: a diagnosis of an encounter that has no day of its own has none
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

stays AS (
    SELECT
        e.resource ->> '$.id' AS encounter_id,
        min(e.resource ->> '$.period.start') AS started
    FROM raw.encounter AS e
    GROUP BY e.resource ->> '$.id'
),

parsed AS (
    SELECT
        from_json(
            c.resource,
            '{
                "id": "VARCHAR",
                "verificationStatus": {"coding": [{"code": "VARCHAR"}], "text": "VARCHAR"},
                "code": {"coding": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"},
                "subject": {"reference": "VARCHAR"},
                "encounter": {"reference": "VARCHAR"},
                "recordedDate": "VARCHAR",
                "onsetDateTime": "VARCHAR",
                "onsetPeriod": {"start": "VARCHAR"},
                "onsetAge": {"value": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"},
                "onsetRange": {"low": {"value": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"}},
                "abatementDateTime": "VARCHAR",
                "abatementPeriod": {"end": "VARCHAR"},
                "abatementAge": {"value": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"},
                "abatementRange": {"high": {"value": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"}}
            }'
        ) AS condition,
        c.file,
        c.line
    FROM raw.condition AS c
),

conditions AS (
    SELECT
        p.condition,
        subject_id(p.condition.subject.reference) AS patient_id,
        coding_in(p.condition.code.coding, ['icd10cm', 'icd9cm', 'snomed'], NULL) AS coding,
        coalesce(p.condition.onsetage, p.condition.onsetrange.low) AS onset_age,
        coalesce(p.condition.abatementage, p.condition.abatementrange.high) AS abatement_age,
        p.file,
        p.line
    FROM parsed AS p
),

dated AS (
    SELECT
        c.*,
        coalesce(
            first_day_of(c.condition.onsetdatetime),
            first_day_of(c.condition.onsetperiod.start),
            when_aged(b.birth_date, c.onset_age.value, coalesce(c.onset_age.code, c.onset_age.unit))
        ) AS onset,
        first_day_of(coalesce(c.condition.recordeddate, s.started)) AS noted,
        coalesce(
            last_day_of(c.condition.abatementdatetime),
            last_day_of(c.condition.abatementperiod."end"),
            -- Somebody is 45 until the day before the 46th birthday.
            CAST(
                TRY_CAST(
                    when_aged(
                        b.birth_date,
                        CAST(floor(as_number(c.abatement_age.value)) + 1 AS VARCHAR),
                        coalesce(c.abatement_age.code, c.abatement_age.unit)
                    ) AS DATE
                ) - 1 AS VARCHAR
            )
        ) AS resolved_date
    FROM conditions AS c
    LEFT JOIN births AS b ON c.patient_id = b.patient_id
    LEFT JOIN stays AS s ON reference_id(c.condition.encounter.reference) = s.encounter_id
)

SELECT
    d.condition.id AS diagnosis_id,
    d.patient_id,
    d.coding.code,
    d.coding.system AS code_system,
    coalesce(d.condition.code.text, d.coding.display) AS name,
    coalesce(
        d.onset, if(TRY_CAST(left(d.resolved_date, 10) AS DATE) < TRY_CAST(left(d.noted, 10) AS DATE), d.resolved_date, d.noted)
    ) AS recorded_date,
    d.resolved_date,
    reference_id(d.condition.encounter.reference) AS encounter_id,
    if(
        list_has_any(
            [c.code FOR c IN d.condition.verificationstatus.coding],
            ['refuted', 'entered-in-error']
        ),
        'true', NULL
    ) AS deleted,
    d.file,
    d.line
FROM dated AS d
