-- The pages of each rule with open findings, and how many findings are on each.
SELECT p.rule_id, p.part AS number, p.page AS name, count(*) AS findings
FROM mart.worklist_page AS p
GROUP BY p.rule_id, p.part, p.page
ORDER BY p.rule_id, number
