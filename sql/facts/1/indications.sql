-- One row per prescription that starts by the date of the audit, place in it and condition that it is said to be for.
-- Prescriptions that were cancelled or entered in error say nothing. Codes count for every condition list that they are
-- in; texts only for leg cramps (indication text and sig), spasticity, malaria and babesiosis (indication text).
-- row_id: prescription_id of the extract
-- patient_id: whose prescription it is
-- condition: name of the condition list
-- day: start date of the prescription
-- found_in: indication_code, indication_text or sig
-- code: indication code as sent, NULL for a text
-- code_system: system of the indication code as sent, NULL for a text
-- words: the text as sent, or the list's term for the code
-- qualifier: short machine words of the list about the code; NULL for a text
-- file: file of the extract
-- line: line of the file
WITH
indications AS (SELECT * FROM clean.indications)

SELECT *
FROM indications
WHERE day <= $as_of
