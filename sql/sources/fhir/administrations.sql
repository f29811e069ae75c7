-- FHIR R4: one MedicationAdministration.
-- The drug is a concept of the record, or a Medication that it contains or refers to; a Medication without a code goes by
-- its only ingredient. RxNorm goes before NDC, SNOMED and ATC, and these before a code that only the sender knows. The
-- time is the beginning of the giving. What was not given, or was entered in error, asks to be removed.
-- needs: medicationadministration.resource
-- without medication: a drug that is only referred to goes by the words of the reference
WITH
parsed AS (
    SELECT
        from_json(
            a.resource,
            '{
                "id": "VARCHAR",
                "status": "VARCHAR",
                "subject": {"reference": "VARCHAR"},
                "medicationCodeableConcept":
                    {"coding": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"},
                "medicationReference": {"reference": "VARCHAR", "display": "VARCHAR"},
                "contained": ["JSON"],
                "effectiveDateTime": "VARCHAR",
                "effectivePeriod": {"start": "VARCHAR", "end": "VARCHAR"},
                "dosage": {
                    "route": {"coding": [{"code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"},
                    "dose": {"value": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"}
                }
            }'
        ) AS administration,
        a.file,
        a.line
    FROM raw.medicationadministration AS a
),

medications AS (
    -- Grouped, so that a medication that is listed twice doubles no row.
    SELECT
        m.resource ->> '$.id' AS medication_id,
        first(m.resource ORDER BY m.file DESC, m.line DESC) AS resource
    FROM raw.medication AS m
    GROUP BY m.resource ->> '$.id'
),

given AS (
    SELECT
        p.administration,
        p.administration.medicationreference AS referred,
        from_json(
            coalesce(
                list_filter(
                    p.administration.contained,
                    lambda c: '#' || (c ->> '$.id') = p.administration.medicationreference.reference
                )[1],
                m.resource
            ),
            '{
                "code": {"coding": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"},
                "ingredient": [{"itemCodeableConcept":
                    {"coding": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"}}]
            }'
        ) AS medication,
        p.file,
        p.line
    FROM parsed AS p
    LEFT JOIN medications AS m ON reference_id(p.administration.medicationreference.reference) = m.medication_id
),

named AS (
    SELECT
        g.*,
        coalesce(g.administration.medicationcodeableconcept, g.medication.code) AS concept,
        if(len(g.medication.ingredient) = 1, g.medication.ingredient[1].itemcodeableconcept, NULL) AS only_ingredient,
        array_to_string(
            [
                coalesce(i.itemcodeableconcept.text, i.itemcodeableconcept.coding[1].display) FOR i IN g.medication.ingredient
            ],
            ' / '
        ) AS ingredient_names
    FROM given AS g
),

coded AS (
    SELECT
        n.*,
        coding_in(
            coalesce(nullif(n.concept.coding, []), n.only_ingredient.coding), ['rxnorm', 'ndc', 'snomed', 'atc'], 'local'
        ) AS coding
    FROM named AS n
)

SELECT
    c.administration.id AS administration_id,
    subject_id(c.administration.subject.reference) AS patient_id,
    c.coding.code AS drug_code,
    c.coding.system AS drug_code_system,
    coalesce(
        c.concept.text,
        if(len(c.concept.coding) > 0, c.coding.display, NULL),
        c.concept.coding[1].display,
        c.referred.display,
        nullif(c.ingredient_names, '')
    ) AS drug_name,
    regexp_replace(
        coalesce(
            c.administration.dosage.route.coding[1].display,
            c.administration.dosage.route.text,
            c.administration.dosage.route.coding[1].code
        ),
        ' *\(qualifier value\)$', ''
    ) AS route,
    c.administration.dosage.dose.value AS dose_quantity,
    coalesce(c.administration.dosage.dose.unit, c.administration.dosage.dose.code) AS dose_unit,
    first_day_of(
        coalesce(
            c.administration.effectivedatetime,
            c.administration.effectiveperiod.start,
            c.administration.effectiveperiod."end"
        )
    ) AS administered_at,
    if(c.administration.status IN ('not-done', 'entered-in-error'), 'true', NULL) AS deleted,
    c.file,
    c.line
FROM coded AS c
