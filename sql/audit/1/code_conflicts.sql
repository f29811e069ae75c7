-- One code and name of a drug that disagree: the code stands for a listed ingredient that the name does not say. The code is
-- followed.
-- drug_code: code as sent
-- drug_code_system: system of the code as sent
-- drug_name: name as sent
-- ingredient: ingredient that the code stands for
-- prescriptions: number of prescriptions that carry both
-- administrations: number of administrations that carry both
SELECT drug_code, drug_code_system, drug_name, ingredient, prescriptions, administrations
FROM clean.drug_code_conflicts
