-- The most that FHIR lets somebody take (`maxDosePerPeriod`), as {most, unit, days, said}: an amount, its unit, in how many days,
-- and the limit in words such as `max 80 mg per day`. A period that is no day stays in the words, which then tell no daily dose.
CREATE OR REPLACE MACRO worded_limit(most) AS
    {
        'most': as_number(most.numerator.value),
        'unit': lower(coalesce(most.numerator.unit, most.numerator.code)),
        'days': as_number(most.denominator.value) * days_in(coalesce(most.denominator.code, most.denominator.unit)),
        'said': 'max ' || spoken_span(most.numerator.value, most.numerator.value)
        || coalesce(' ' || trim(coalesce(most.numerator.unit, most.numerator.code), '{}'), '')
        || CASE
            WHEN as_number(most.denominator.value) * days_in(coalesce(most.denominator.code, most.denominator.unit)) = 1 THEN ' per day'
            ELSE ' per ' || concat_ws(' ', most.denominator.value, coalesce(most.denominator.unit, most.denominator.code, 'period'))
        END
    };
