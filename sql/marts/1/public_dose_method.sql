-- How daily doses of the listed drugs are known, all drugs together, as it may be shown on a shareable page.
-- dose_method: stated, quantity x frequency, sig, strength x quantity / days, or unknown
-- dose_confidence: high, medium or low; NULL when the dose is unknown
-- prescriptions: number of prescriptions, NULL when it is hidden
-- shown: what to print for it
WITH policy AS (
    SELECT small_limit, small_mark, rounded_to FROM mart.disclosure
),

methods AS (
    -- The patients of one drug are the fewest that there can be.
    SELECT dose_method, dose_confidence, sum(prescriptions) AS prescriptions, max(patients) AS patients
    FROM audit.dose_methods GROUP BY dose_method, dose_confidence
),

shown AS (
    SELECT
        m.dose_method, m.dose_confidence, p.small_mark,
        CASE
            WHEN m.patients > p.small_limit THEN CAST(round(m.prescriptions / p.rounded_to) * p.rounded_to AS BIGINT)
        END AS prescriptions
    FROM methods AS m CROSS JOIN policy AS p
)

SELECT dose_method, dose_confidence, prescriptions, coalesce(CAST(prescriptions AS VARCHAR), small_mark) AS shown
FROM shown
