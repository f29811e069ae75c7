-- FHIR R4: one MedicationRequest.
-- The drug is a concept of the request, or a Medication that it contains or refers to (`Medication/1`, `#1`, `urn:uuid:1`); a
-- Medication without a code goes by its only ingredient. RxNorm goes before NDC, SNOMED and ATC, and these before a code
-- that only the sender knows.
-- Only an order is a prescription. A proposal, a plan, an option, an order not to give, and a filler or instance order that
-- repeats the request it is based on are loaded as cancelled; a draft, which nobody has signed, is loaded as on hold.
-- One plain instruction gives quantity, unit and times a day. A range and several instructions would be lost in these
-- columns, so they come as directions: in the words sent when these hold numbers, else in words made from the parts. So
-- does a limit (maxDosePerPeriod) that the dose would pass.
-- The end is that of the bounds, or of a number of doses (count). A duration counts from the start, but a stopped request
-- ended before that, nobody says when, so there it is only a supply. Until when a request may be dispensed says nothing of
-- how long the drug is taken.
-- needs: medicationrequest.resource
-- without condition: a reason that is only referred to goes by the words of the reference
-- without encounter: nobody knows at which facility it was
-- without medication: a drug that is only referred to goes by the words of the reference
WITH
parsed AS (
    SELECT
        from_json(
            r.resource,
            '{
              "id": "VARCHAR",
              "status": "VARCHAR",
              "intent": "VARCHAR",
              "doNotPerform": "VARCHAR",
              "basedOn": [{"reference": "VARCHAR"}],
              "subject": {"reference": "VARCHAR"},
              "encounter": {"reference": "VARCHAR"},
              "authoredOn": "VARCHAR",
              "requester": {"reference": "VARCHAR", "display": "VARCHAR"},
              "medicationCodeableConcept":
                {"coding": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"},
              "medicationReference": {"reference": "VARCHAR", "display": "VARCHAR"},
              "contained": ["JSON"],
              "reasonCode":
                [{"coding": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"}],
              "reasonReference": [{"reference": "VARCHAR", "display": "VARCHAR"}],
              "dosageInstruction": [{
                "sequence": "VARCHAR",
                "text": "VARCHAR",
                "patientInstruction": "VARCHAR",
                "additionalInstruction": [{"coding": [{"display": "VARCHAR"}], "text": "VARCHAR"}],
                "asNeededBoolean": "VARCHAR",
                "asNeededCodeableConcept": {"coding": [{"display": "VARCHAR"}], "text": "VARCHAR"},
                "route": {"coding": [{"code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"},
                "timing": {
                  "code": {"coding": [{"code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"},
                  "repeat": {
                    "boundsPeriod": {"start": "VARCHAR", "end": "VARCHAR"},
                    "boundsDuration": {"value": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"},
                    "boundsRange": {"high": {"value": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"}},
                    "count": "VARCHAR",
                    "countMax": "VARCHAR",
                    "frequency": "VARCHAR",
                    "frequencyMax": "VARCHAR",
                    "period": "VARCHAR",
                    "periodMax": "VARCHAR",
                    "periodUnit": "VARCHAR",
                    "dayOfWeek": ["VARCHAR"],
                    "timeOfDay": ["VARCHAR"],
                    "when": ["VARCHAR"]
                  }
                },
                "maxDosePerPeriod": {
                  "numerator": {"value": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"},
                  "denominator": {"value": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"}
                },
                "doseAndRate": [{
                  "type": {"coding": [{"code": "VARCHAR"}]},
                  "doseQuantity": {"value": "VARCHAR", "comparator": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"},
                  "doseRange": {
                    "low": {"value": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"},
                    "high": {"value": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"}
                  }
                }]
              }],
              "dispenseRequest": {
                "validityPeriod": {"start": "VARCHAR"},
                "numberOfRepeatsAllowed": "VARCHAR",
                "quantity": {"value": "VARCHAR"},
                "expectedSupplyDuration": {"value": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"}
              }
            }'
        ) AS request,
        r.file,
        r.line
    FROM raw.medicationrequest AS r
),

-- These three are grouped, so that a resource that is listed twice doubles no row.
medications AS (
    SELECT
        m.resource ->> '$.id' AS medication_id,
        first(m.resource ORDER BY m.file DESC, m.line DESC) AS resource
    FROM raw.medication AS m
    GROUP BY m.resource ->> '$.id'
),

facilities AS (
    SELECT
        e.resource ->> '$.id' AS encounter_id,
        min(reference_id(e.resource ->> '$.serviceProvider.reference')) AS facility_id
    FROM raw.encounter AS e
    GROUP BY e.resource ->> '$.id'
),

parsed_conditions AS (
    SELECT
        c.resource ->> '$.id' AS condition_id,
        from_json(
            c.resource -> '$.code',
            '{"coding": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"}'
        ) AS concept,
        c.file,
        c.line
    FROM raw.condition AS c
),

conditions AS (
    SELECT
        c.condition_id,
        first(c.concept ORDER BY c.file DESC, c.line DESC) AS concept
    FROM parsed_conditions AS c
    GROUP BY c.condition_id
),

medicated AS (
    SELECT
        p.file,
        p.line,
        p.request,
        from_json(
            coalesce(
                list_filter(p.request.contained, lambda c: '#' || (c ->> '$.id') = p.request.medicationreference.reference)[1],
                m.resource
            ),
            '{
              "code": {"coding": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"},
              "form": {"coding": [{"display": "VARCHAR"}], "text": "VARCHAR"},
              "ingredient": [{
                "itemCodeableConcept":
                  {"coding": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR"}], "text": "VARCHAR"},
                "strength": {
                  "numerator": {"value": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"},
                  "denominator": {"value": "VARCHAR", "unit": "VARCHAR", "code": "VARCHAR"}
                }
              }]
            }'
        ) AS medication
    FROM parsed AS p
    LEFT JOIN medications AS m ON reference_id(p.request.medicationreference.reference) = m.medication_id
),

described AS (
    SELECT
        m.*,
        coalesce(m.request.medicationcodeableconcept, m.medication.code) AS concept,
        if(len(m.medication.ingredient) = 1, m.medication.ingredient[1], NULL) AS ingredient
    FROM medicated AS m
),

drugs AS (
    SELECT
        d.file,
        d.line,
        d.request,
        coding_in(
            coalesce(nullif(d.concept.coding, []), d.ingredient.itemcodeableconcept.coding),
            ['rxnorm', 'ndc', 'snomed', 'atc'],
            'local'
        ) AS coding,
        coalesce(
            d.concept.text,
            coding_in(d.concept.coding, ['rxnorm', 'ndc', 'snomed', 'atc'], 'local').display,
            d.concept.coding[1].display,
            d.request.medicationreference.display,
            nullif(
                array_to_string(
                    [
                        coalesce(i.itemcodeableconcept.text, i.itemcodeableconcept.coding[1].display)
                        FOR i IN d.medication.ingredient
                    ],
                    ' / '
                ),
                ''
            )
        ) AS drug_name,
        d.ingredient.strength.numerator AS mass,
        d.ingredient.strength.denominator AS volume,
        coalesce(d.medication.form.text, d.medication.form.coding[1].display) AS form
    FROM described AS d
),

parsed_reasons AS (
    SELECT
        p.file,
        p.line,
        generate_subscripts(p.request.reasonreference, 1) AS place,
        unnest(p.request.reasonreference) AS reason
    FROM parsed AS p
),

referenced_reasons AS (
    SELECT
        r.file,
        r.line,
        list(c.concept ORDER BY r.place) FILTER (WHERE c.concept IS NOT NULL) AS concepts,
        list(r.reason.display ORDER BY r.place) FILTER (WHERE r.reason.display IS NOT NULL AND c.concept IS NULL) AS displays
    FROM parsed_reasons AS r
    LEFT JOIN conditions AS c ON reference_id(r.reason.reference) = c.condition_id
    GROUP BY r.file, r.line
),

reasons AS (
    SELECT
        p.file,
        p.line,
        list_concat(p.request.reasoncode, r.concepts) AS concepts,
        r.displays
    FROM parsed AS p
    LEFT JOIN referenced_reasons AS r ON p.file = r.file AND p.line = r.line
),

instructions AS (
    SELECT
        p.file,
        p.line,
        generate_subscripts(p.request.dosageinstruction, 1) AS place,
        unnest(p.request.dosageinstruction) AS dosage
    FROM parsed AS p
),

dosages AS (
    SELECT
        i.*,
        i.dosage.timing.repeat AS rhythm,
        coalesce(i.dosage.timing.repeat.boundsduration, i.dosage.timing.repeat.boundsrange.high) AS duration,
        -- What was ordered, where a dose is also given as calculated or as administered.
        coalesce(
            list_filter(i.dosage.doseandrate, lambda d: d.type.coding[1].code = 'ordered')[1],
            list_filter(i.dosage.doseandrate, lambda d: d.type.coding[1].code = 'calculated')[1],
            i.dosage.doseandrate[1]
        ) AS dose
    FROM instructions AS i
),

parts AS (
    SELECT
        d.*,
        as_number(d.dosage.sequence) AS sequence,
        coalesce(
            d.dosage.text,
            d.dosage.patientinstruction,
            nullif(
                array_to_string([coalesce(a.text, a.coding[1].display) FOR a IN d.dosage.additionalinstruction], '. '), ''
            )
        ) AS written,
        coalesce(d.dose.dosequantity.value, d.dose.doserange.low.value, d.dose.doserange.high.value) AS low,
        -- A least dose alone says nothing of the most.
        coalesce(d.dose.dosequantity.value, d.dose.doserange.high.value) AS high,
        coalesce(
            d.dose.dosequantity.unit, d.dose.dosequantity.code, d.dose.doserange.high.unit, d.dose.doserange.high.code,
            d.dose.doserange.low.unit, d.dose.doserange.low.code
        ) AS unit,
        coalesce(d.dosage.timing.code.coding[1].code, d.dosage.timing.code.text) AS timing_code,
        coalesce(d.rhythm.countmax, d.rhythm.count) AS doses,
        if(d.rhythm.frequency IS NULL AND as_number(d.rhythm.period) > 0, 1, as_number(d.rhythm.frequency)) AS times,
        coalesce(as_number(d.rhythm.frequencymax), times) AS most_times,
        nullif(as_number(d.rhythm.period), 0) AS period,
        coalesce(as_number(d.rhythm.periodmax), period) AS longest_period,
        days_in(d.rhythm.periodunit) AS period_days,
        len(d.rhythm.dayofweek) AS week_days,
        worded_limit(d.dosage.maxdoseperperiod) AS most
    FROM dosages AS d
),

rates AS (
    SELECT
        p.*,
        coalesce(
            CASE
                WHEN p.week_days > 0 AND p.period_days = 7
                    THEN greatest(p.most_times, p.week_days) / (7 * p.period)
                WHEN p.week_days > 0 THEN coalesce(p.most_times / (p.period * p.period_days), 1) * p.week_days / 7
                ELSE p.most_times / (p.period * p.period_days)
            END,
            nullif(len(p.rhythm.timeofday), 0),
            -- Before or after meals, without saying which, is no number of times.
            if(list_has_any(p.rhythm."when", ['C', 'AC', 'PC']), NULL, nullif(len(p.rhythm."when"), 0)),
            times_of_code(p.timing_code)
        ) AS times_per_day,
        p.low <> p.high
        OR p.dose.dosequantity.comparator IS NOT NULL
        OR (p.low IS NOT NULL AND p.high IS NULL)
        OR p.times <> p.most_times
        OR p.period <> p.longest_period AS has_range,
        -- A limit that the dose and its times a day do not reach anyhow needs no words.
        p.most.said IS NOT NULL AND NOT coalesce(
            p.most.days = 1 AND p.most.unit = lower(p.unit) AND p.most.most >= as_number(p.high) * times_per_day, FALSE
        ) AS has_limit
    FROM parts AS p
),

worded AS (
    SELECT
        r.*,
        if(r.high IS NULL, 'at least ' || r.low, spoken_span(r.low, r.high)) || coalesce(
            ' ' || if(lower(trim(r.unit, '{}')) IN ('tbl', 'tab'), 'tablet', trim(r.unit, '{}')), ''
        ) AS amount_words,
        worded_rhythm(
            if(len(r.rhythm."when") = 1, r.rhythm."when"[1], NULL),
            spoken_span(r.times, r.most_times),
            spoken_span(r.period, r.longest_period),
            r.rhythm.periodunit,
            r.times_per_day,
            coalesce(r.dosage.timing.code.text, r.timing_code)
        ) AS rhythm_words,
        'for ' || spoken_span(r.duration.value, r.duration.value) || ' ' || CASE days_in(coalesce(r.duration.code, r.duration.unit))
            WHEN 1 THEN 'days'
            WHEN 7 THEN 'weeks'
            WHEN 30 THEN 'months'
        END AS duration_words,
        coalesce(r.dosage.asneededcodeableconcept.text, r.dosage.asneededcodeableconcept.coding[1].display) AS needed_for,
        r.dosage.asneededboolean = 'true' OR r.dosage.asneededcodeableconcept IS NOT NULL AS as_needed,
        if(as_needed, 'as needed', NULL) AS needed_words,
        if(r.has_limit, r.most.said, NULL) AS limit_words,
        nullif(concat_ws(' ', amount_words, rhythm_words, duration_words, needed_words), '') AS taken,
        nullif(concat_ws(', ', taken, limit_words), '') AS made,
        CASE
            WHEN regexp_matches(lower(r.written), '[0-9]|\b(one|two|three|four|five|six|half|once|twice)\b')
                -- A limit that the words name already is not said twice.
                THEN concat_ws(', ', r.written, if(regexp_matches(lower(r.written), 'max|exceed|more than|nte'), NULL, limit_words))
            ELSE nullif(concat_ws('. ', made, r.written), '')
        END AS said
    FROM rates AS r
),

directions AS (
    SELECT
        w.file,
        w.line,
        count(*) = 1 AND NOT coalesce(bool_or(w.has_range OR w.has_limit), FALSE) AS is_plain,
        count(DISTINCT w.sequence) > 1 AS one_after_another,
        any_value(w.low) AS low,
        any_value(w.unit) AS unit,
        any_value(w.times_per_day) AS times_per_day,
        -- A frequency that is no number is handed on, so that the row goes into quarantine with it.
        any_value(if(as_number(w.rhythm.frequency) IS NULL, w.rhythm.frequency, NULL)) AS unread_frequency,
        any_value(coalesce(w.written, if(w.times_per_day IS NULL, w.rhythm_words, NULL))) AS written,
        list(w.said ORDER BY w.sequence NULLS LAST, w.place) FILTER (WHERE w.said IS NOT NULL) AS said,
        bool_or(w.as_needed) AS as_needed,
        list(w.needed_for ORDER BY w.place) FILTER (WHERE w.needed_for IS NOT NULL) AS needed_for,
        first(
            coalesce(w.dosage.route.coding[1].display, w.dosage.route.text, w.dosage.route.coding[1].code) ORDER BY w.place
        ) AS route,
        min(w.rhythm.boundsperiod.start) AS bounds_start,
        if(count(w.rhythm.boundsperiod."end") = count(*), max(w.rhythm.boundsperiod."end"), NULL) AS bounds_end,
        list(
            coalesce(
                as_number(w.duration.value) * days_in(coalesce(w.duration.code, w.duration.unit, 'd')),
                -- So many doses: the last of them ends the course.
                if(as_number(w.doses) = 1, 1, as_number(w.doses) / w.times_per_day)
            )
        ) AS durations
    FROM worded AS w
    GROUP BY w.file, w.line
),

spans AS (
    SELECT
        d.*,
        coding_in(flatten([c.coding FOR c IN r.concepts]), ['icd10cm', 'icd9cm', 'snomed'], NULL) AS reason,
        flatten([[coalesce(c.text, c.coding[1].display) FOR c IN r.concepts], r.displays, i.needed_for]) AS reason_texts,
        i.* EXCLUDE (file, line, needed_for),
        d.request.dispenserequest.expectedsupplyduration.value AS supply,
        coalesce(
            d.request.dispenserequest.expectedsupplyduration.code,
            d.request.dispenserequest.expectedsupplyduration.unit,
            -- FHIR calls it the number of days.
            'd'
        ) AS supply_unit,
        coalesce(
            i.bounds_start, d.request.authoredon, d.request.dispenserequest.validityperiod.start
        ) AS started,
        CASE
            WHEN len(i.durations) = len([x FOR x IN i.durations IF x IS NOT NULL])
                THEN TRY_CAST(ceil(if(i.one_after_another, list_sum(i.durations), list_max(i.durations))) AS SMALLINT)
        END AS bound_days,
        -- What is no number of a known unit is handed on, so that the row goes into quarantine with it.
        coalesce(
            CAST(as_number(supply) * days_in(supply_unit) AS VARCHAR), supply || ' ' || supply_unit
        ) AS supply_days
    FROM drugs AS d
    LEFT JOIN reasons AS r ON d.file = r.file AND d.line = r.line
    LEFT JOIN directions AS i ON d.file = i.file AND d.line = i.line
)

SELECT
    s.request.id AS prescription_id,
    subject_id(s.request.subject.reference) AS patient_id,
    s.coding.code AS drug_code,
    s.coding.system AS drug_code_system,
    s.drug_name,
    regexp_replace(s.route, ' *\(qualifier value\)$', '') AS route,
    first_day_of(s.started) AS start_date,
    coalesce(
        last_day_of(s.bounds_end),
        if(
            s.request.status = 'stopped',
            NULL,
            CAST(TRY_CAST(left(first_day_of(s.started), 10) AS DATE) + s.bound_days - 1 AS VARCHAR)
        )
    ) AS end_date,
    CASE
        WHEN s.request.status = 'entered-in-error' THEN s.request.status
        WHEN s.request.donotperform = 'true' OR s.request.intent IN ('proposal', 'plan', 'option') THEN 'cancelled'
        WHEN s.request.intent IN ('filler-order', 'instance-order')
            AND len([b FOR b IN s.request.basedon IF regexp_matches(b.reference, 'MedicationRequest|^urn:uuid:')]) > 0
            THEN 'cancelled'
        WHEN s.request.status = 'draft' THEN 'on-hold'
        ELSE s.request.status
    END AS status,
    if(s.is_plain, s.low, NULL) AS dose_quantity,
    if(s.is_plain, s.unit, NULL) AS dose_unit,
    if(s.is_plain, coalesce(CAST(round(s.times_per_day, 6) AS VARCHAR), s.unread_frequency), NULL) AS frequency_per_day,
    CAST(s.as_needed AS VARCHAR) AS as_needed,
    if(
        s.is_plain,
        s.written,
        nullif(if(s.one_after_another, array_to_string(s.said, ', then '), array_to_string(s.said, '; ')), '')
    ) AS sig,
    worded_strength(s.mass, s.volume, s.form) AS strength,
    s.request.dispenserequest.quantity.value AS quantity,
    coalesce(s.supply_days, CAST(s.bound_days AS VARCHAR)) AS days_supply,
    -- Refills add to a supply, not to the bounds of the whole course.
    if(s.supply_days IS NULL AND s.bound_days IS NOT NULL, NULL, s.request.dispenserequest.numberofrepeatsallowed) AS refills,
    s.reason.code AS indication_code,
    s.reason.system AS indication_code_system,
    nullif(array_to_string(s.reason_texts, '; '), '') AS indication_text,
    coalesce(reference_id(s.request.requester.reference), s.request.requester.display) AS prescriber_id,
    f.facility_id,
    s.file,
    s.line
FROM spans AS s
LEFT JOIN facilities AS f ON reference_id(s.request.encounter.reference) = f.encounter_id
