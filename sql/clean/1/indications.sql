-- One row per prescription, place in it and condition that it is said to be for.
-- Prescriptions that were cancelled or entered in error say nothing. Codes count for every condition list that they are
-- in; texts only for leg cramps (indication text and sig), spasticity, malaria and babesiosis (indication text).
-- row_id: prescription_id of the extract
-- patient_id: whose prescription it is
-- condition: name of the condition list
-- day: start date of the prescription
-- found_in: indication_code, indication_text or sig
-- code: indication code as sent, NULL for a text
-- code_system: system of the indication code as sent, NULL for a text
-- words: the text as sent, or the list's term for the code
-- qualifier: short machine words of the list about the code; NULL for a text
-- file: file of the extract
-- line: line of the file
WITH
prescriptions AS NOT MATERIALIZED (
    SELECT
        prescription_id AS row_id,
        patient_id,
        start_date AS day,
        indication_code,
        indication_code_system,
        indication_text,
        sig,
        file,
        line
    FROM extracts.prescriptions
    WHERE coalesce(status, 'unknown') NOT IN ('cancelled', 'entered-in-error')
),

condition_codes AS (SELECT * FROM clean.condition_codes),

-- One value of each group, rather than DISTINCT: so only what is left is searched, below, and not every row.
texts AS (
    SELECT
        'indication_text' AS found_in,
        any_value(indication_text) AS words
    FROM prescriptions
    GROUP BY indication_text
    UNION ALL
    SELECT
        'sig' AS found_in,
        any_value(sig) AS words
    FROM prescriptions
    GROUP BY sig
),

telling_texts AS (
    SELECT *
    FROM texts
    WHERE regexp_matches(words, '(?i)cramp|spastic|malaria|plasmodium|falciparum|babesi')
),

named_conditions AS (
    SELECT
        found_in,
        words,
        unnest([
            if(names_leg_cramp(words), 'leg_cramps', NULL),
            if(found_in = 'indication_text' AND names_spasticity(words), 'spasticity', NULL),
            if(found_in = 'indication_text' AND names_malaria(words), 'malaria', NULL),
            if(found_in = 'indication_text' AND names_babesiosis(words), 'babesiosis', NULL)
        ]) AS condition
    FROM telling_texts
),

text_conditions AS (
    SELECT *
    FROM named_conditions
    WHERE condition IS NOT NULL
)

SELECT
    p.row_id,
    p.patient_id,
    c.condition,
    p.day,
    'indication_code' AS found_in,
    p.indication_code AS code,
    p.indication_code_system AS code_system,
    c.term AS words,
    c.qualifier,
    p.file,
    p.line
FROM prescriptions AS p
INNER JOIN condition_codes AS c ON p.indication_code_system = c.code_system AND p.indication_code = c.code
UNION ALL
SELECT
    p.row_id,
    p.patient_id,
    t.condition,
    p.day,
    t.found_in,
    NULL AS code,
    NULL AS code_system,
    t.words,
    NULL AS qualifier,
    p.file,
    p.line
FROM prescriptions AS p
INNER JOIN text_conditions AS t ON p.indication_text = t.words AND t.found_in = 'indication_text'
UNION ALL
SELECT
    p.row_id,
    p.patient_id,
    t.condition,
    p.day,
    t.found_in,
    NULL AS code,
    NULL AS code_system,
    t.words,
    NULL AS qualifier,
    p.file,
    p.line
FROM prescriptions AS p
INNER JOIN text_conditions AS t ON p.sig = t.words AND t.found_in = 'sig'
