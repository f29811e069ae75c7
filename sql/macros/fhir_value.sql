-- The value of an Observation, or of one of its components, as {value, unit}, whatever its type. A quantity keeps its
-- comparator and has the UCUM code as unit when it says one. Without a value the reason for its absence stands in, which is a text
-- like `see note`; without either it is `no result`.
CREATE OR REPLACE MACRO fhir_value(o) AS
    {
        'value': coalesce(
            coalesce(o.valuequantity.comparator, '') || o.valuequantity.value,
            o.valueinteger,
            o.valuestring,
            o.valuecodeableconcept.text,
            o.valuecodeableconcept.coding[1].display,
            o.valuecodeableconcept.coding[1].code,
            o.valueboolean,
            o.valuedatetime,
            o.valuetime,
            o.valueperiod.start || ' to ' || coalesce(o.valueperiod."end", ''),
            o.valueratio.numerator.value || ':' || o.valueratio.denominator.value,
            if(
                o.valuerange IS NULL, NULL, coalesce(o.valuerange.low.value, '') || '-' || coalesce(o.valuerange.high.value, '')
            ),
            if(o.valuesampleddata IS NULL, NULL, 'sampled data'),
            o.dataabsentreason.text,
            o.dataabsentreason.coding[1].display,
            o.dataabsentreason.coding[1].code,
            'no result'
        ),
        'unit': coalesce(
            if(o.valuequantity.system = 'http://unitsofmeasure.org', o.valuequantity.code, NULL),
            o.valuequantity.unit,
            o.valuequantity.code
        ),
        'absent': coalesce(
            o.valuequantity.value,
            o.valueinteger,
            o.valuestring,
            o.valueboolean,
            o.valuedatetime,
            o.valuetime
        ) IS NULL
        AND o.valuecodeableconcept IS NULL
        AND o.valueperiod IS NULL
        AND o.valueratio IS NULL
        AND o.valuerange IS NULL
        AND o.valuesampleddata IS NULL
    };
