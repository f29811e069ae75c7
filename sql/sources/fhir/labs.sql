-- FHIR R4: one result of an Observation, of whatever category; tests that the audit does not use are loaded as they are.
-- An Observation is one result when it has a value of its own, and one more for each of its components, whose ids are its own
-- with `#1`, `#2` ... behind; one that has neither is one row without a result. LOINC goes before other codes, which are local.
-- The time is when the sample was taken, or the beginning of the time in which it was; else when the result was issued.
-- needs: observation.resource
-- splits: observation
WITH
parsed AS (
    SELECT
        from_json(
            o.resource,
            '{
                "id": "VARCHAR",
                "status": "VARCHAR",
                "subject": {"reference": "VARCHAR"},
                "performer": [{"reference": "VARCHAR"}],
                "effectiveDateTime": "VARCHAR",
                "effectivePeriod": {"start": "VARCHAR", "end": "VARCHAR"},
                "effectiveInstant": "VARCHAR",
                "effectiveTiming": {"event": ["VARCHAR"]},
                "issued": "VARCHAR"
            }'
        ) AS observation,
        from_json(
            o.resource,
            '{
                "code": {"coding": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"},
                "valueQuantity":
                    {"value": "VARCHAR", "comparator": "VARCHAR", "unit": "VARCHAR", "system": "VARCHAR", "code": "VARCHAR"},
                "valueInteger": "VARCHAR",
                "valueString": "VARCHAR",
                "valueCodeableConcept": {"coding": [{"code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"},
                "valueBoolean": "VARCHAR",
                "valueDateTime": "VARCHAR",
                "valueTime": "VARCHAR",
                "valuePeriod": {"start": "VARCHAR", "end": "VARCHAR"},
                "valueRatio": {"numerator": {"value": "VARCHAR"}, "denominator": {"value": "VARCHAR"}},
                "valueRange": {"low": {"value": "VARCHAR"}, "high": {"value": "VARCHAR"}},
                "valueSampledData": "VARCHAR",
                "dataAbsentReason": {"coding": [{"code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"},
                "referenceRange": [{"low": {"value": "VARCHAR"}, "high": {"value": "VARCHAR"}}]
            }'
        ) AS own_result,
        from_json(
            o.resource,
            '{
                "component": [{
                    "code": {"coding": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"},
                    "valueQuantity":
                        {"value": "VARCHAR", "comparator": "VARCHAR", "unit": "VARCHAR", "system": "VARCHAR", "code": "VARCHAR"},
                    "valueInteger": "VARCHAR",
                    "valueString": "VARCHAR",
                    "valueCodeableConcept": {"coding": [{"code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"},
                    "valueBoolean": "VARCHAR",
                    "valueDateTime": "VARCHAR",
                    "valueTime": "VARCHAR",
                    "valuePeriod": {"start": "VARCHAR", "end": "VARCHAR"},
                    "valueRatio": {"numerator": {"value": "VARCHAR"}, "denominator": {"value": "VARCHAR"}},
                    "valueRange": {"low": {"value": "VARCHAR"}, "high": {"value": "VARCHAR"}},
                    "valueSampledData": "VARCHAR",
                    "dataAbsentReason": {"coding": [{"code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"},
                    "referenceRange": [{"low": {"value": "VARCHAR"}, "high": {"value": "VARCHAR"}}]
                }]
            }'
        ).component AS components,
        o.file,
        o.line
    FROM raw.observation AS o
),

chosen AS (
    SELECT
        p.*,
        -- Without an id, the components could not be told apart in quarantine, where the whole will be.
        p.observation.id IS NOT NULL AND coalesce(len(p.components), 0) > 0 AS has_components
    FROM parsed AS p
),

results AS (
    SELECT
        c.observation,
        NULL AS place,
        c.own_result AS result,
        c.file,
        c.line
    FROM chosen AS c
    WHERE NOT c.has_components OR NOT fhir_value(c.own_result).absent
    UNION ALL
    SELECT
        c.observation,
        generate_subscripts(c.components, 1) AS place,
        unnest(c.components) AS result,
        c.file,
        c.line
    FROM chosen AS c
    WHERE c.has_components
),

tests AS (
    SELECT
        r.*,
        fhir_value(r.result) AS measured,
        coding_in(r.result.code.coding, ['loinc'], 'local') AS coding
    FROM results AS r
)

SELECT
    t.observation.id || coalesce('#' || t.place, '') AS lab_id,
    subject_id(t.observation.subject.reference) AS patient_id,
    first_day_of(
        coalesce(
            t.observation.effectivedatetime,
            t.observation.effectiveperiod.start,
            t.observation.effectiveperiod."end",
            t.observation.effectiveinstant,
            t.observation.effectivetiming.event[1],
            t.observation.issued
        )
    ) AS collected_at,
    t.coding.code AS test_code,
    t.coding.system AS test_code_system,
    coalesce(t.result.code.text, t.coding.display, t.result.code.coding[1].display) AS test_name,
    t.measured.value,
    t.measured.unit,
    t.result.referencerange[1].low.value AS reference_low,
    t.result.referencerange[1].high.value AS reference_high,
    CASE t.observation.status
        WHEN 'amended' THEN 'corrected'
        WHEN 'registered' THEN 'preliminary'
        WHEN 'unknown' THEN NULL
        ELSE t.observation.status
    END AS status,
    reference_id(
        list_filter(t.observation.performer, lambda p: contains(p.reference, 'Organization'))[1].reference
    ) AS facility_id,
    t.file,
    t.line
FROM tests AS t
