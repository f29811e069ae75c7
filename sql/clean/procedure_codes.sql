-- One row per procedure code as it was sent and procedure list that it is in, matched like clean.condition_codes.
-- code_system: code system as sent
-- code: code as sent
-- procedure: name of the procedure list
-- term: what the list calls the code (of a header: the header's term)
-- qualifier: short machine words of the list about the code; NULL when it says nothing
WITH
procedures AS (SELECT * FROM extracts.procedures),

procedure_lists AS (SELECT * FROM codelists.procedures),

plain_codes AS (
    SELECT DISTINCT
        code_system,
        code,
        lower(replace(code_system, '-', '')) AS system,
        plain_code(code) AS plain
    FROM procedures
),

code_heads AS (
    SELECT
        code_system,
        code,
        system,
        left(plain, unnest(range(2, length(plain)))) AS head,
        FALSE AS is_whole
    FROM plain_codes
    WHERE system IN ('icd10pcs', 'icd9pcs', 'hcpcs')
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
        list AS procedure,
        system,
        plain_code(code) AS head,
        match,
        term,
        qualifier
    FROM procedure_lists
)

SELECT
    code_system,
    code,
    procedure,
    term,
    qualifier
FROM code_heads
JOIN listed_codes USING (system, head)
WHERE is_whole OR match = 'prefix'
QUALIFY
    row_number() OVER (
        PARTITION BY code_system, code, procedure
        ORDER BY length(head) DESC, match ASC, qualifier ASC NULLS LAST, term ASC
    ) = 1
