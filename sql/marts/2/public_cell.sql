-- One outcome of one rule in one month, facility, age band and sex, associated condition, or value of its evidence, as it
-- may be shown on a shareable page.
-- The cells of an outcome add up to the rule's own count, which is shown too. A column with a small cell therefore
-- withholds one large cell as well (always the first large one, so that the choice is the same night after night), or
-- the whole column, zeros included, when it has none large enough. Totals of a month or place are never shown apart from
-- their parts; where another rule counts the same units there and shows all of them, the whole table is withheld.
-- rule_id: the rule
-- breakdown: month, facility, stratum, association, or `by ` and the name of an evidence column
-- cell: the month (its first day), the facility, the age band and sex (with | between), the associated condition, or the value
-- outcome: finding, clear, excluded, not_evaluable or pending
-- units: the count to show, NULL when it is hidden
-- status: shown, small (1 to the policy's limit) or withheld (any number, hidden for the sake of a small one)
-- shown: what to print
WITH policy AS (
    SELECT small_limit, small_mark, rounded_to, cover_from FROM mart.disclosure
),

counts AS (
    SELECT c.*, c.patients BETWEEN 1 AND p.small_limit AS is_small, p.cover_from
    FROM mart.outcome_count AS c CROSS JOIN policy AS p
    WHERE c.breakdown NOT IN ('all', 'prescriber')
),

margins AS (
    SELECT rule_id, outcome, status AS margin_status FROM mart.public_outcome
),

columns_seen AS (
    SELECT
        c.*, m.margin_status,
        bool_or(c.is_small) OVER one_column AS has_small,
        coalesce(sum(c.units - 1) FILTER (c.is_small) OVER one_column, 0) AS above_one
    FROM counts AS c JOIN margins AS m USING (rule_id, outcome)
    WINDOW one_column AS (PARTITION BY c.rule_id, c.breakdown, c.outcome)
),

covers AS (
    SELECT rule_id, breakdown, outcome, min(cell) AS cover_cell
    FROM columns_seen
    WHERE NOT is_small AND units > 0 AND units + above_one >= cover_from
    GROUP BY rule_id, breakdown, outcome
),

column_wise AS (
    SELECT
        s.rule_id, s.breakdown, s.cell, s.outcome, s.units, s.cover_from,
        CASE
            WHEN s.cover_from IS NULL THEN CASE WHEN s.is_small THEN 'small' ELSE 'shown' END
            WHEN s.margin_status = 'small' THEN 'withheld'
            WHEN s.margin_status = 'shown' AND NOT s.has_small THEN 'shown'
            WHEN c.cover_cell IS NULL OR s.cell = c.cover_cell THEN 'withheld'
            WHEN s.is_small THEN 'small'
            ELSE 'shown'
        END AS status
    FROM columns_seen AS s LEFT JOIN covers AS c USING (rule_id, breakdown, outcome)
),

row_totals AS (
    SELECT
        rule_id, breakdown, cell, sum(units) AS units, bool_or(status <> 'shown') AS is_hidden,
        sum(sum(units)) OVER (PARTITION BY rule_id, breakdown) AS rule_units
    FROM column_wise
    GROUP BY rule_id, breakdown, cell
),

exposed AS (
    SELECT DISTINCT mine.rule_id, mine.breakdown
    FROM row_totals AS mine
    JOIN row_totals AS theirs USING (breakdown, cell, units, rule_units)
    WHERE mine.rule_id <> theirs.rule_id AND mine.is_hidden AND NOT theirs.is_hidden AND mine.units > 0
),

decided AS (
    SELECT
        c.rule_id, c.breakdown, c.cell, c.outcome, c.units,
        CASE WHEN e.rule_id IS NOT NULL AND c.cover_from IS NOT NULL THEN 'withheld' ELSE c.status END AS status
    FROM column_wise AS c LEFT JOIN exposed AS e USING (rule_id, breakdown)
),

rounded AS (
    SELECT
        d.rule_id, d.breakdown, d.cell, d.outcome, d.status, p.small_mark,
        CASE WHEN d.status = 'shown' THEN CAST(round(d.units / p.rounded_to) * p.rounded_to AS BIGINT) END AS units
    FROM decided AS d CROSS JOIN policy AS p
)

SELECT
    rule_id, breakdown, cell, outcome, units, status,
    CASE status WHEN 'shown' THEN CAST(units AS VARCHAR) WHEN 'small' THEN small_mark ELSE 'withheld' END AS shown
FROM rounded
