-- One laboratory result.
-- The test is given by code, by name or by both. The audit uses it when a laboratory list holds it: a LOINC code decides
-- alone, so that urine creatinine sent as `Creatinine` stays out; a test with a local code or none must have a name that
-- holds, as whole words, names of one analyte only and none of the words that exclude that analyte.
-- The value of a test that is used must be a number, alone or behind a comparator, have a unit of that analyte and lie in the
-- analyte's plausible range, unless it was cancelled or entered in error and so is never used. A value out of range that
-- would lie in it in another unit of the analyte (creatinine 0.9 umol/L) contradicts its unit: one of the two is wrong.
-- Results of other tests are loaded as they are.
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
-- analyte: the laboratory list that the test is in, such as creatinine; NULL when the audit does not use it
-- matched_by: code or name, whichever told the analyte
-- file: file of the extract
-- line: line of the file on which the row starts
-- deleted: whether the row asks for its record to be removed
-- faults: what is wrong with the row, as {column_name, value, reason}; NULL when nothing is
WITH
different_tests AS (
    SELECT DISTINCT
        test_code,
        test_code_system,
        test_name,
        unit
    FROM source.labs
),

-- Gathered into one list and spread again, so that the planner knows them to be few: else it takes them for as many as there
-- are results, and builds its hash table of all results instead of these.
distinct_tests AS (
    SELECT unnest(list(different_tests), recursive := TRUE)
    FROM different_tests
),

cleaned_tests AS (
    SELECT
        *,
        clean_text(test_code) AS clean_code,
        clean_text(test_code_system) AS clean_system,
        clean_text(test_name) AS clean_name,
        clean_text(unit) AS clean_unit
    FROM distinct_tests
),

sent_tests AS (
    SELECT
        *,
        lower(clean_system) AS system,
        plain_code(clean_code) AS plain,
        -- `eGFR non-African American` is not the value that the list leaves out.
        regexp_replace(words_of(clean_name), ' (?:non|not)  (african|africn|afr|af|afam|aframer|aa|black) ', ' non\1 ') AS words,
        plain_unit(clean_unit) AS plain_unit
    FROM cleaned_tests
),

listed_codes AS (
    SELECT
        system,
        plain_code(code) AS plain,
        min(list) AS analyte
    FROM codelists.labs
    WHERE match = 'exact'
    GROUP BY ALL
),

excluded_codes AS (
    SELECT DISTINCT plain_code(code) AS plain
    FROM codelists.labs
    WHERE match = 'exclude'
),

mentions AS (
    SELECT
        s.words,
        n.analyte,
        coalesce(bool_or(
            list_bool_or([contains(s.words, words_of(word)) FOR word IN string_split(n.excluded_words, '|')])
        ), FALSE) AS is_excluded
    FROM sent_tests AS s
    JOIN codelists.lab_names AS n ON contains(s.words, words_of(n.words))
    GROUP BY s.words, n.analyte
),

-- A name of two analytes (`BUN/creat`) is taken for neither; only `eGFR (creatinine)` is plainly an eGFR.
named_analytes AS (
    SELECT
        words,
        max(analyte) AS analyte
    FROM mentions
    GROUP BY words
    HAVING
        (count(*) = 1 OR list(analyte ORDER BY analyte) = ['creatinine', 'egfr'])
        AND NOT arg_max(is_excluded, analyte)
),

known_tests AS (
    SELECT
        s.*,
        CASE
            WHEN x.plain IS NOT NULL THEN NULL
            ELSE coalesce(c.analyte, if(s.system = 'loinc' AND s.plain IS NOT NULL, NULL, n.analyte))
        END AS analyte,
        if(c.analyte IS NULL, 'name', 'code') AS told_by
    FROM sent_tests AS s
    LEFT JOIN listed_codes AS c ON s.system = c.system AND s.plain = c.plain
    LEFT JOIN named_analytes AS n ON s.words = n.words
    LEFT JOIN excluded_codes AS x ON s.plain = x.plain
),

factors AS (
    SELECT
        analyte,
        list(DISTINCT CAST(factor AS DOUBLE)) AS factors
    FROM codelists.lab_units
    GROUP BY analyte
),

-- All that can be known of a result from its test and unit, so that none of it is worked out result by result.
tests AS (
    SELECT
        k.*,
        if(k.analyte IS NULL, NULL, k.told_by) AS matched_by,
        CAST(u.factor AS DOUBLE) AS factor,
        CAST(u.low AS DOUBLE) AS low,
        CAST(u.high AS DOUBLE) AS high,
        f.factors
    FROM known_tests AS k
    LEFT JOIN codelists.lab_units AS u ON k.analyte = u.analyte AND k.plain_unit = u.unit
    LEFT JOIN factors AS f ON k.analyte = f.analyte
),

sent AS (
    SELECT
        clean_text(l.lab_id) AS lab_id,
        clean_text(l.patient_id) AS patient_id,
        clean_text(l.collected_at) AS collected_at_text,
        t.clean_code AS test_code,
        t.clean_system AS test_code_system_text,
        t.system AS test_code_system,
        t.clean_name AS test_name,
        clean_text(l.value) AS value,
        t.clean_unit AS unit,
        clean_text(l.reference_low) AS reference_low_text,
        clean_text(l.reference_high) AS reference_high_text,
        clean_text(l.status) AS status_text,
        clean_text(l.facility_id) AS facility_id,
        clean_text(l.deleted) AS deleted_text,
        l.file,
        l.line,
        t.analyte,
        t.matched_by,
        t.factor,
        t.low,
        t.high,
        t.factors
    FROM source.labs AS l
    LEFT JOIN tests AS t
        ON
            l.test_code IS NOT DISTINCT FROM t.test_code
            AND l.test_code_system IS NOT DISTINCT FROM t.test_code_system
            AND l.test_name IS NOT DISTINCT FROM t.test_name
            AND l.unit IS NOT DISTINCT FROM t.unit
),

numbers AS (
    SELECT
        *,
        as_number(value) AS plain_number
    FROM sent
),

bounds AS (
    SELECT
        *,
        -- Looked for only where there is no plain number: it is dear, and few results are bounds.
        if(plain_number IS NULL, bound_in(value), NULL) AS bound
    FROM numbers
),

typed AS (
    SELECT
        *,
        as_timestamp(collected_at_text, $zone) AS collected_at,
        coalesce(plain_number, as_number(bound.number)) AS value_number,
        if(as_number(bound.number) IS NOT NULL, bound.sign, NULL) AS comparator,
        as_number(reference_low_text) AS reference_low,
        as_number(reference_high_text) AS reference_high,
        lower(status_text) AS status,
        as_boolean(deleted_text) AS deleted
    FROM bounds
),

judged AS (
    SELECT
        *,
        analyte IS NOT NULL AND coalesce(status NOT IN ('cancelled', 'entered-in-error'), TRUE) AS counts,
        counts AND value_number * factor NOT BETWEEN low AND high AS is_out_of_range,
        CASE
            WHEN is_out_of_range
                THEN list_bool_or([value_number * other BETWEEN low AND high FOR other IN factors])
        END AS fits_other_unit
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
    t.analyte,
    t.matched_by,
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
            fault('unit', t.unit, 'unit contradicts value', t.is_out_of_range AND t.fits_other_unit),
            fault('value', t.value, 'implausible value', t.is_out_of_range AND NOT t.fits_other_unit),
            fault('reference_low', t.reference_low_text, 'unparseable number', unread(t.reference_low_text, t.reference_low)),
            fault(
                'reference_high', t.reference_high_text, 'unparseable number',
                unread(t.reference_high_text, t.reference_high)
            ),
            fault(
                'status', t.status_text, 'unknown value',
                NOT list_contains(['final', 'corrected', 'preliminary', 'cancelled', 'entered-in-error'], t.status)
            ),
            fault('deleted', t.deleted_text, 'unknown value', unread(t.deleted_text, t.deleted))
        ],
        t.deleted,
        'lab_id'
    ) AS faults
FROM judged AS t
LEFT JOIN extracts.patients AS p ON t.patient_id = p.patient_id
LEFT JOIN staging.patients_quarantined AS q ON t.patient_id = q.patient_id
