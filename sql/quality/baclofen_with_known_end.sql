-- Prescriptions of baclofen by mouth whose supply or end is stated, so that no end has to be assumed.
-- part: prescriptions with an end from days of supply, quantity or end date
-- whole: prescriptions of baclofen by mouth
SELECT
    count(*) FILTER (end_method <> 'assumed') AS part,
    count(*) AS whole
FROM facts.prescriptions
WHERE ingredient = 'baclofen' AND route_group = 'oral'
