-- The five outcomes of a rule in one month, facility, group of prescribers, age band and sex, associated condition, or value of
-- its evidence, as they may be shown on a shareable page.
-- rule_id: the rule
-- breakdown: month, facility, group, stratum, association, or `by ` and the name of an evidence column
-- cell: the month (its first day), the facility, the group of prescribers, the age band and sex (with | between), the
-- associated condition, or the value
-- numerator: findings; NULL when hidden
-- numerator_shown: the same as printed
-- clear: units judged and clear; NULL when hidden
-- clear_shown: the same as printed
-- excluded: units excluded; NULL when hidden
-- excluded_shown: the same as printed
-- not_evaluable: units that could not be judged for want of data; NULL when hidden
-- not_evaluable_shown: the same as printed
-- pending: units whose follow-up is not long enough yet; NULL when hidden
-- pending_shown: the same as printed
-- denominator: findings and clear units; NULL when either is hidden
-- rate: numerator / denominator; NULL when either half is hidden, or there is nothing to divide by
-- figures_of: the date that was audited when the figures were made
WITH cells AS (
    SELECT rule_id, breakdown, cell, outcome, units, shown FROM mart.public_cell
),

publications AS (
    SELECT rule_id, figures_of FROM mart.publication
),

pivoted AS (
    SELECT
        rule_id, breakdown, cell,
        max(units) FILTER (outcome = 'finding') AS numerator,
        max(shown) FILTER (outcome = 'finding') AS numerator_shown,
        max(units) FILTER (outcome = 'clear') AS clear,
        max(shown) FILTER (outcome = 'clear') AS clear_shown,
        max(units) FILTER (outcome = 'excluded') AS excluded,
        max(shown) FILTER (outcome = 'excluded') AS excluded_shown,
        max(units) FILTER (outcome = 'not_evaluable') AS not_evaluable,
        max(shown) FILTER (outcome = 'not_evaluable') AS not_evaluable_shown,
        max(units) FILTER (outcome = 'pending') AS pending,
        max(shown) FILTER (outcome = 'pending') AS pending_shown
    FROM cells
    GROUP BY rule_id, breakdown, cell
)

SELECT
    p.*,
    p.numerator + p.clear AS denominator,
    p.numerator / nullif(p.numerator + p.clear, 0) AS rate,
    b.figures_of
FROM pivoted AS p JOIN publications AS b USING (rule_id)
