-- One laboratory result.
-- The test is given by code, by name or by both; the audit uses it when a laboratory list with units (codelists.lab_units)
-- holds it: a LOINC code decides alone, a test without one goes by its whole name. The value of such a test must be a
-- number, alone or behind a comparator, have a known unit and lie in the plausible range; so must not what was cancelled or
-- entered in error, which is never used. Results of other tests are loaded as they are.
-- lab_id*: id of the result
-- patient_id*: whose result it is
-- collected_at*: when the sample was taken, in the site's zone; up to one day before the birth or after the extract
-- test_code: code of the test
-- test_code_system: loinc or local
-- test_name: name of the test as written; needed when there is no code
-- value*: the result as sent, such as 1.4, >60 or hemolyzed
-- unit: unit as sent
-- reference_low: lower reference limit
-- reference_high: upper reference limit
-- status: final, corrected, preliminary, cancelled or entered-in-error
-- facility_id: where
-- value_number: the number in the value, NULL when it has none
-- comparator: <, <=, > or >= when the value is only a limit (`LESS THAN 0.4` is one too), else NULL
-- file: file of the extract
-- line: line of the file on which the row starts
-- deleted: whether the row asks for its record to be removed
-- faults: what is wrong with the row, as {column_name, value, reason}; NULL when nothing is
WITH
sent_tests AS (
    SELECT DISTINCT
        test_code,
        test_code_system,
        test_name,
        unit
    FROM source.labs
),

plain_tests AS (
    SELECT
        *,
        lower(clean_text(test_code_system)) AS system,
        plain_code(clean_text(test_code)) AS plain,
        trim(regexp_replace(lower(test_name), '[^a-z0-9]+', ' ', 'g')) AS words,
        lower(replace(coalesce(clean_text(unit), ''), ' ', '')) AS plain_unit
    FROM sent_tests
),

listed_codes AS (
    SELECT
        system,
        plain_code(code) AS plain,
        min(list) AS analyte
    FROM codelists.labs
    GROUP BY ALL
),

listed_names AS (
    SELECT
        trim(regexp_replace(lower(words), '[^a-z0-9]+', ' ', 'g')) AS words,
        min(analyte) AS analyte
    FROM codelists.lab_names
    GROUP BY ALL
),

named_tests AS (
    SELECT
        t.*,
        coalesce(c.analyte, if(t.system = 'loinc' AND t.plain IS NOT NULL, NULL, n.analyte)) AS analyte
    FROM plain_tests AS t
    LEFT JOIN listed_codes AS c ON t.system = c.system AND t.plain = c.plain
    LEFT JOIN listed_names AS n ON t.words = n.words
),

used_tests AS (
    SELECT
        t.test_code,
        t.test_code_system,
        t.test_name,
        t.unit,
        TRUE AS is_used,
        CAST(u.factor AS DOUBLE) AS factor,
        CAST(u.low AS DOUBLE) AS low,
        CAST(u.high AS DOUBLE) AS high
    FROM named_tests AS t
    LEFT JOIN codelists.lab_units AS u ON t.analyte = u.analyte AND t.plain_unit = u.unit
    WHERE t.analyte IN (SELECT analyte FROM codelists.lab_units)
),

sent AS (
    SELECT
        clean_text(l.lab_id) AS lab_id,
        clean_text(l.patient_id) AS patient_id,
        clean_text(l.collected_at) AS collected_at_text,
        clean_text(l.test_code) AS test_code,
        clean_text(l.test_code_system) AS test_code_system_text,
        clean_text(l.test_name) AS test_name,
        clean_text(l.value) AS value,
        clean_text(l.unit) AS unit,
        clean_text(l.reference_low) AS reference_low_text,
        clean_text(l.reference_high) AS reference_high_text,
        clean_text(l.status) AS status_text,
        clean_text(l.facility_id) AS facility_id,
        clean_text(l.deleted) AS deleted_text,
        l.file,
        l.line,
        t.is_used,
        t.factor,
        t.low,
        t.high
    FROM source.labs AS l
    LEFT JOIN used_tests AS t
        ON l.test_code IS NOT DISTINCT FROM t.test_code
        AND l.test_code_system IS NOT DISTINCT FROM t.test_code_system
        AND l.test_name IS NOT DISTINCT FROM t.test_name
        AND l.unit IS NOT DISTINCT FROM t.unit
),

read_values AS (
    SELECT
        *,
        as_number(value) AS plain_number,
        -- A comparator is looked for only where there is no plain number: it is dear, and few results have one.
        CASE
            WHEN as_number(value) IS NULL
                THEN regexp_extract(
                    lower(value),
                    '^(<=|>=|<|>|≤|≥|less than or equal to|greater than or equal to|less than|greater than)\s*([0-9.].*)$',
                    ['sign', 'number']
                )
        END AS bound
    FROM sent
),

typed AS (
    SELECT
        *,
        as_timestamp(collected_at_text, $zone) AS collected_at,
        lower(test_code_system_text) AS test_code_system,
        coalesce(plain_number, as_number(bound.number)) AS value_number,
        CASE
            WHEN as_number(bound.number) IS NULL THEN NULL
            WHEN bound.sign IN ('<', 'less than') THEN '<'
            WHEN bound.sign IN ('<=', '≤', 'less than or equal to') THEN '<='
            WHEN bound.sign IN ('>', 'greater than') THEN '>'
            ELSE '>='
        END AS comparator,
        as_number(reference_low_text) AS reference_low,
        as_number(reference_high_text) AS reference_high,
        lower(status_text) AS status,
        as_boolean(deleted_text) AS deleted
    FROM read_values
),

judged AS (
    SELECT
        *,
        is_used AND coalesce(status NOT IN ('cancelled', 'entered-in-error'), TRUE) AS counts
    FROM typed
)

SELECT
    t.lab_id,
    t.patient_id,
    t.collected_at,
    t.test_code,
    t.test_code_system,
    t.test_name,
    t.value,
    t.unit,
    t.reference_low,
    t.reference_high,
    t.status,
    t.facility_id,
    t.value_number,
    t.comparator,
    t.file,
    t.line,
    t.deleted,
    faults_of(
        [
            fault('lab_id', t.lab_id, 'required value missing', t.lab_id IS NULL),
            fault('patient_id', t.patient_id, 'required value missing', t.patient_id IS NULL),
            fault(
                'patient_id', t.patient_id, 'unknown patient',
                t.patient_id IS NOT NULL AND p.patient_id IS NULL AND q.patient_id IS NULL
            ),
            fault(
                'patient_id', t.patient_id, 'unknown patient (its patients row is quarantined)',
                p.patient_id IS NULL AND q.patient_id IS NOT NULL
            ),
            fault('collected_at', t.collected_at_text, 'required value missing', t.collected_at_text IS NULL),
            fault('collected_at', t.collected_at_text, 'unparseable date', unread(t.collected_at_text, t.collected_at)),
            fault('collected_at', t.collected_at_text, 'before birth', CAST(t.collected_at AS DATE) < p.birth_date - 1),
            fault('collected_at', t.collected_at_text, 'after the extract', CAST(t.collected_at AS DATE) > $extracted_on + 1),
            fault('test_code', t.test_code, 'test code or name is required', t.test_code IS NULL AND t.test_name IS NULL),
            fault(
                'test_code_system', t.test_code_system_text, 'unknown value',
                t.test_code_system NOT IN ('loinc', 'local')
            ),
            fault('value', t.value, 'required value missing', t.value IS NULL),
            fault('value', t.value, 'not a number', t.counts AND unread(t.value, t.value_number)),
            fault('unit', t.unit, 'unknown unit', t.counts AND t.value_number IS NOT NULL AND t.factor IS NULL),
            fault(
                'value', t.value, 'implausible value',
                t.counts AND t.value_number * t.factor NOT BETWEEN t.low AND t.high
            ),
            fault('reference_low', t.reference_low_text, 'unparseable number', unread(t.reference_low_text, t.reference_low)),
            fault(
                'reference_high', t.reference_high_text, 'unparseable number',
                unread(t.reference_high_text, t.reference_high)
            ),
            fault(
                'status', t.status_text, 'unknown value',
                t.status NOT IN ('final', 'corrected', 'preliminary', 'cancelled', 'entered-in-error')
            ),
            fault('deleted', t.deleted_text, 'unknown value', unread(t.deleted_text, t.deleted))
        ],
        t.deleted,
        'lab_id'
    ) AS faults
FROM judged AS t
LEFT JOIN extracts.patients AS p ON t.patient_id = p.patient_id
LEFT JOIN staging.patients_quarantined AS q ON t.patient_id = q.patient_id
