-- Codes and names that disagree, the most frequent first.
SELECT drug_code, drug_code_system, drug_name, ingredient, prescriptions, administrations
FROM audit.code_conflicts
ORDER BY prescriptions + administrations DESC, drug_name, drug_code, drug_code_system, ingredient
LIMIT 300
