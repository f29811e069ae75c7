-- Columns and rows of a table shaped like mart.candidate_cell that would tell a small count, or how it changed, to somebody
-- who has the last publication too and knows of every count that did not change that it did not.
--
-- What did not change is known to have been the same, so only hidden counts that changed are in question. A column's sum is
-- shown on both nights: what those counts gained together is known. That is harmless when all of them are large on both
-- nights, and else when two or more gained so much together that, each having changed, one alone could have gained anything
-- up to the limit; or when a single hidden one grew by more than the limit. A sum that is itself withheld for the sake of
-- another rule must be as uncertain; one that is small or untold makes no such sum.
-- A row is what happened to one month, place or stratum. Its sum is not shown, but is known when it did not change, or when
-- another rule that counts the same units shows all of its own. Then two or more hidden counts of it must have changed, large
-- ones that their columns tell anyway not counted. Of units that were pending and are not any longer a row always tells.
CREATE OR REPLACE MACRO lines_that_tell(cells) AS TABLE
WITH policy AS (
    SELECT small_limit FROM mart.disclosure
),

compared AS (
    SELECT
        rule_id, breakdown, cell, outcome, units, was_units, margin_status,
        is_small OR was_small AS is_touchy,
        breakdown <> 'all' AND linked_units IS NOT NULL AND margin_status IN ('shown', 'withheld') AS is_in_sum,
        linked_status <> 'shown' AS was_linked_hidden,
        units - CASE WHEN linked_status = 'shown' THEN 0 ELSE linked_units END AS column_gain,
        units - CASE WHEN was_status = 'shown' THEN 0 ELSE was_units END AS row_gain,
        was_status <> 'shown' AS was_hidden,
        status <> 'shown' AND (units <> linked_units OR (is_small AND linked_status = 'shown')) AS is_in_column,
        (status <> 'shown' AND (units <> was_units OR (is_small AND was_status = 'shown')))
        OR (was_status <> 'shown' AND units <> was_units) AS is_in_row,
        status = 'shown' AS is_shown
    FROM query_table(cells)
),

summed AS (
    SELECT
        rule_id, breakdown, outcome,
        any_value(margin_status) AS margin_status,
        count(*) FILTER (is_in_column) AS changed,
        count(*) FILTER (is_in_column AND is_touchy) AS touchy,
        count(*) FILTER (is_in_column AND was_linked_hidden) AS kept,
        coalesce(sum(column_gain) FILTER (is_in_column), 0) AS gain
    FROM compared
    WHERE is_in_sum
    GROUP BY rule_id, breakdown, outcome
),

columns_telling AS (
    SELECT s.rule_id, s.breakdown, 'column' AS direction, s.outcome AS line
    FROM summed AS s CROSS JOIN policy AS p
    WHERE
        (s.touchy > 0 OR s.margin_status = 'withheld')
        AND NOT (s.changed >= 2 AND s.gain >= s.changed - 1 + p.small_limit)
        AND NOT (s.changed = 1 AND s.kept = 1 AND s.gain > p.small_limit AND s.margin_status = 'shown')
),

settled AS (
    SELECT rule_id, breakdown, outcome, TRUE AS is_settled FROM summed WHERE changed = 1 AND margin_status = 'shown'
),

laid_out AS (
    SELECT
        c.*,
        c.is_in_row AND NOT (coalesce(s.is_settled, FALSE) AND c.is_in_column) AS is_open,
        c.outcome <> 'pending' AND (c.is_touchy OR c.is_in_sum OR c.breakdown = 'all') AS is_worth_telling
    FROM compared AS c LEFT JOIN settled AS s USING (rule_id, breakdown, outcome)
    WHERE c.breakdown <> 'reason'
),

row_sums AS (
    SELECT
        rule_id, breakdown, cell, sum(units) AS units, sum(was_units) AS was_units,
        count(*) FILTER (is_open) AS changed,
        count(*) FILTER (is_open AND is_worth_telling) AS worth_telling,
        count(*) FILTER (is_open AND was_hidden) AS kept,
        coalesce(sum(row_gain) FILTER (is_open), 0) AS gain,
        bool_and(is_shown) AS is_shown,
        sum(sum(units)) OVER (PARTITION BY rule_id, breakdown) AS rule_units
    FROM laid_out
    GROUP BY rule_id, breakdown, cell
),

twins AS (
    SELECT DISTINCT mine.rule_id, mine.breakdown, mine.cell, TRUE AS has_twin
    FROM row_sums AS mine
    JOIN row_sums AS theirs USING (breakdown, cell, units, rule_units)
    WHERE mine.rule_id <> theirs.rule_id AND theirs.is_shown AND mine.units > 0
),

rows_telling AS (
    SELECT r.rule_id, r.breakdown, 'row' AS direction, r.cell AS line
    FROM row_sums AS r
    CROSS JOIN policy AS p
    LEFT JOIN twins AS t USING (rule_id, breakdown, cell)
    WHERE
        r.worth_telling > 0
        AND (r.units = r.was_units OR coalesce(t.has_twin, FALSE))
        AND NOT (r.changed >= 2 AND r.kept >= 1 AND (r.gain >= 0 OR r.kept = r.changed))
        AND NOT (r.changed >= 2 AND r.gain >= r.changed - 1 + p.small_limit)
)

SELECT rule_id, breakdown, direction, line FROM columns_telling
UNION ALL
SELECT rule_id, breakdown, direction, line FROM rows_telling;
