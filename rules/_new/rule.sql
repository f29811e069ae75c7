-- Courses of baclofen by mouth, each with its length.
-- Columns that every rule returns: unit_id (unique), patient_id, index_date, outcome (finding, clear, excluded,
-- not_evaluable or pending), severity (of a finding), reason, active_until (last day of the course, or NULL) and sources
-- (the rows behind it). Every other column is evidence, which the message may name.
-- `$horizon` is the last day that is judged. Under 18, death before the index date and hospice are the engine's to exclude.
WITH
-- What there is to read: SELECT * FROM docs.columns WHERE schema_name = 'facts'.
exposures AS (
    SELECT * FROM facts.exposures
    WHERE ingredient = 'baclofen' AND route_group = 'oral' AND start_date <= $horizon
),

judged AS (
    SELECT
        *,
        CASE WHEN length_days > $longest_days THEN 'finding' ELSE 'clear' END AS outcome
    FROM exposures
)

SELECT
    exposure_id AS unit_id,
    patient_id,
    start_date AS index_date,
    outcome,
    'low' AS severity,
    CASE outcome WHEN 'finding' THEN 'long course' ELSE 'not long' END AS reason,
    end_date AS active_until,
    list_transform(prescription_ids, lambda id: source_row('prescriptions', id)) AS sources,
    coalesce(first_drug_name, ingredient) AS drug_name,
    end_date,
    length_days,
    newness
FROM judged
