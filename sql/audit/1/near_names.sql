-- One drug name that comes near to a listed one and was yet taken for no listed drug: a look-alike that was rightly left out,
-- or a name that the lists lack.
-- drug_name: name as sent
-- drug_code: code as sent
-- drug_code_system: system of the code as sent
-- near_to: word of the code lists that the name comes near to
-- because: `false friend` (struck out on purpose), `part of a word` or `spelt almost so`
-- prescriptions: number of prescriptions that are named so
-- administrations: number of administrations that are named so
SELECT drug_name, drug_code, drug_code_system, near_to, because, prescriptions, administrations
FROM clean.unmapped_near_names
