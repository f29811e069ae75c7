-- How many drug names and codes are in doubt.
SELECT doubt, names FROM mart.drug_identity ORDER BY doubt
