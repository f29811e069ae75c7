-- How daily doses are known.
SELECT dose_method, dose_confidence, prescriptions, shown
FROM mart.public_dose_method
ORDER BY
    list_position(['stated', 'quantity x frequency', 'sig', 'strength x quantity / days', 'unknown'], dose_method),
    list_position(['high', 'medium', 'low'], dose_confidence)
