-- One finding of a rule with the way from the one before it, for charts of rare events: how many judged units, and how many
-- days, went by without a finding. The first finding of a rule has none before it and no row.
-- It tells single events, so it is for the worklist and for analysts.
-- rule_id: the rule
-- place: number of the finding in the order of index dates
-- index_date: day of the finding
-- units_between: clear units since the finding before
-- days_between: days since the finding before
WITH judged AS (
    SELECT rule_id, unit_id, index_date, outcome = 'finding' AS is_finding
    FROM audit.results WHERE outcome IN ('finding', 'clear')
),

counted AS (
    SELECT
        *,
        count(*) FILTER (NOT is_finding) OVER (
            PARTITION BY rule_id ORDER BY index_date, unit_id ROWS UNBOUNDED PRECEDING
        ) AS clear_before
    FROM judged
),

followed AS (
    SELECT
        rule_id, index_date,
        row_number() OVER in_time AS place,
        clear_before - lag(clear_before) OVER in_time AS units_between,
        index_date - lag(index_date) OVER in_time AS days_between
    FROM counted
    WHERE is_finding
    WINDOW in_time AS (PARTITION BY rule_id ORDER BY index_date, unit_id)
)

SELECT rule_id, CAST(place AS INTEGER) AS place, index_date, units_between, CAST(days_between AS INTEGER) AS days_between
FROM followed
WHERE place > 1
