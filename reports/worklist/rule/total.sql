-- How many open findings the rule has in all.
SELECT count(*) AS findings FROM mart.worklist WHERE rule_id = $rule_id
