-- FHIR R4: one Encounter.
-- A class of the standard is known by its code, any other by its words; one that neither names is handed on as it stands, and
-- so ends in quarantine as an unknown class. An observation or short stay has a bed on a ward, and counts as inpatient. An
-- encounter that is only planned, was cancelled or was entered in error did not take place: it asks to be removed.
-- needs: encounter.resource
WITH
parsed AS (
    SELECT
        from_json(
            e.resource,
            '{
                "id": "VARCHAR",
                "status": "VARCHAR",
                "class": {"code": "VARCHAR", "display": "VARCHAR"},
                "subject": {"reference": "VARCHAR"},
                "period": {"start": "VARCHAR", "end": "VARCHAR"},
                "serviceProvider": {"reference": "VARCHAR"}
            }'
        ) AS encounter,
        e.file,
        e.line
    FROM raw.encounter AS e
),

encounters AS (
    SELECT
        p.encounter,
        upper(clean_text(p.encounter.class.code)) AS class_code,
        lower(coalesce(clean_text(p.encounter.class.display), clean_text(p.encounter.class.code))) AS class_words,
        p.file,
        p.line
    FROM parsed AS p
)

SELECT
    e.encounter.id AS encounter_id,
    subject_id(e.encounter.subject.reference) AS patient_id,
    CASE
        WHEN e.class_code IN ('IMP', 'ACUTE', 'NONAC', 'OBSENC', 'SS') THEN 'inpatient'
        WHEN e.class_code = 'EMER' THEN 'emergency'
        WHEN e.class_code IN ('AMB', 'HH', 'FLD', 'PRENC') THEN 'outpatient'
        WHEN e.class_code = 'VR' THEN 'virtual'
        WHEN regexp_matches(e.class_words, 'outpatient|ambulatory|office|clinic|home|urgent care|field|day case') THEN 'outpatient'
        WHEN regexp_matches(e.class_words, 'inpatient|intensive care|observation|hospital') THEN 'inpatient'
        WHEN regexp_matches(e.class_words, 'emergency') THEN 'emergency'
        WHEN regexp_matches(e.class_words, 'virtual|tele|phone|video|online') THEN 'virtual'
        ELSE e.class_words
    END AS class,
    first_day_of(e.encounter.period.start) AS started_at,
    last_day_of(e.encounter.period."end") AS ended_at,
    reference_id(e.encounter.serviceprovider.reference) AS facility_id,
    if(e.encounter.status IN ('planned', 'cancelled', 'entered-in-error'), 'true', NULL) AS deleted,
    e.file,
    e.line
FROM encounters AS e
