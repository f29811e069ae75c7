-- How the daily doses of a listed drug are known.
-- ingredient: ingredient
-- route_group: route
-- dose_method: stated, quantity x frequency, sig, strength x quantity / days, or unknown
-- dose_confidence: high, medium or low; NULL when the dose is unknown
-- prescriptions: number of prescriptions
-- patients: number of their patients
SELECT
    ingredient, route_group, dose_method, dose_confidence,
    count(*) AS prescriptions,
    count(DISTINCT patient_id) AS patients
FROM facts.prescriptions
GROUP BY ALL
