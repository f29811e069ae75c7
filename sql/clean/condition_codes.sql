-- One row per diagnosis or indication code as it was sent and condition list that it is in.
-- A list's row counts for exactly its code, or, where it is a header (`prefix`), for every code below it. When several
-- rows of one list apply, the longest, that is the most specific one, decides.
-- code_system: code system as sent
-- code: code as sent
-- condition: name of the condition list
-- term: what the list calls the code (of a header: the header's term)
-- qualifier: short machine words of the list about the code, such as stage=4 or history; NULL when it says nothing
WITH
diagnoses AS (SELECT * FROM extracts.diagnoses),

prescriptions AS (SELECT * FROM extracts.prescriptions),

condition_lists AS (SELECT * FROM codelists.conditions),

sent_codes AS (
    SELECT
        code_system,
        code
    FROM diagnoses
    UNION
    SELECT
        indication_code_system,
        indication_code
    FROM prescriptions
    WHERE indication_code IS NOT NULL AND indication_code_system IS NOT NULL
),

plain_codes AS (
    SELECT
        code_system,
        code,
        lower(replace(code_system, '-', '')) AS system,
        plain_code(code) AS plain
    FROM sent_codes
),

code_heads AS (
    SELECT
        code_system,
        code,
        system,
        left(plain, unnest(range(3, length(plain)))) AS head,
        FALSE AS is_whole
    FROM plain_codes
    WHERE system IN ('icd10cm', 'icd9cm')
    UNION ALL BY NAME
    SELECT
        code_system,
        code,
        system,
        plain AS head,
        TRUE AS is_whole
    FROM plain_codes
),

listed_codes AS (
    SELECT
        list AS condition,
        system,
        plain_code(code) AS head,
        match,
        term,
        qualifier
    FROM condition_lists
)

SELECT
    code_system,
    code,
    condition,
    term,
    qualifier
FROM code_heads
JOIN listed_codes USING (system, head)
WHERE is_whole OR match = 'prefix'
QUALIFY
    row_number() OVER (
        PARTITION BY code_system, code, condition
        ORDER BY length(head) DESC, match ASC, qualifier ASC NULLS LAST, term ASC
    ) = 1
