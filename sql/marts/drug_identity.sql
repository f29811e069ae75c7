-- How many drug names and codes the audit was unsure of. Names are counted, never told.
-- doubt: what is unsure
-- names: number of different names, or of different pairs of code and name
WITH doubts AS (
    SELECT 'a name near to a listed one, taken for none: ' || because AS doubt, drug_name AS name FROM audit.near_names
    UNION ALL
    SELECT 'code and name disagree; the code is followed', concat_ws(' ', drug_code_system, drug_code, drug_name)
    FROM audit.code_conflicts
)

SELECT doubt, count(DISTINCT name) AS names
FROM doubts
GROUP BY doubt
