-- How many statements of the guideline can be computed, and how many have a rule already.
WITH named AS (
    SELECT statement_id, cover, unnest(coalesce(rules, [])) AS rule_id FROM audit.guideline
),

checked AS (
    SELECT DISTINCT statement_id FROM named SEMI JOIN audit.rules USING (rule_id) WHERE cover <> 'N'
)

SELECT
    (SELECT count(*) FROM audit.guideline) AS statements,
    (SELECT count(*) FROM audit.guideline WHERE cover <> 'N') AS computable,
    (SELECT count(*) FROM checked) AS checked
