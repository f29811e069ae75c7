-- What rules ask of the data, and what was found.
SELECT
    what, at_least, part, whole, met, list(rule_id ORDER BY rule_id) AS rules,
    CASE WHEN whole > 0 THEN part / whole END AS share
FROM audit.coverage
GROUP BY what, at_least, part, whole, met
ORDER BY met, what
