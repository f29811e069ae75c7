-- Names near to a listed drug's that were taken for none, the most frequent first.
SELECT drug_name, drug_code, drug_code_system, near_to, because, prescriptions, administrations
FROM audit.near_names
ORDER BY prescriptions + administrations DESC, drug_name, drug_code, drug_code_system
LIMIT 300
