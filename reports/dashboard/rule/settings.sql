-- The rate under other values of the parameters, as it may be shown: a list of columns for each row of the table.
SELECT
    rule_id, row_parameter, column_parameter, row_value,
    list(
        {'value': column_value, 'rate': rate, 'shown': shown, 'in_force': in_force} ORDER BY setting
    ) AS cells
FROM mart.public_rule_sensitivity
GROUP BY rule_id, row_parameter, column_parameter, row_value
ORDER BY rule_id, min(setting)
