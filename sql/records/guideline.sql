-- One statement of the guideline and how far it is covered.
-- statement_id: S01 and on
-- statement: the statement in our words
-- cover: C computed, P partly computed, N not computable
-- why_not: why it cannot be computed
-- rules: rules that cover it
-- missing_rules: those of them that are not written yet
SELECT
    NULL::VARCHAR AS statement_id,
    NULL::VARCHAR AS statement,
    NULL::VARCHAR AS cover,
    NULL::VARCHAR AS why_not,
    NULL::VARCHAR[] AS rules,
    NULL::VARCHAR[] AS missing_rules
WHERE FALSE
