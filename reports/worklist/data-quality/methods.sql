-- How the daily doses of each drug are known.
SELECT ingredient, route_group, dose_method, dose_confidence, prescriptions, patients
FROM audit.dose_methods
ORDER BY ingredient, route_group, prescriptions DESC, dose_method, dose_confidence
