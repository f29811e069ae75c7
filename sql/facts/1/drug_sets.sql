-- One ingredient of one drug code list, for joins on the ingredient: cns_active, qt_prolonging, ppi ... A set says nothing of
-- the route: a rule that means systemic use asks for the route group as well.
-- list: name of the drug code list
-- ingredient: ingredient
WITH
drug_codes AS (SELECT * FROM codelists.drugs),

drug_names AS (SELECT * FROM codelists.drug_names)

SELECT DISTINCT list, ingredient FROM drug_codes
UNION
SELECT DISTINCT list, ingredient FROM drug_names
