-- Open findings by severity.
SELECT severity, findings, shown FROM mart.public_open
ORDER BY list_position(['critical', 'high', 'moderate', 'low', 'info'], severity)
