-- One count as tonight's figures could show it, if they may be published at all.
-- The cells of an outcome add up to the rule's own count, which is shown too. In a table that is published for the first time,
-- a column with a small cell therefore withholds one large cell as well (always the first large one, of reasons the least), or
-- the whole column, zeros included, when it has none large enough. Totals of a month or place are never shown apart from
-- their parts; where another rule counts the same units there and shows all of them, the whole table is withheld.
-- In a table that was published before, what was hidden stays hidden, however large it has grown: with the sums of both
-- publications it would tell what it was. Small cells join it. Whether that is enough, mart.telling_line says.
-- rule_id: the rule
-- breakdown: all, month, facility, group, stratum, association, `by ` and the name of an evidence column, or reason
-- cell: the month (its first day), the facility, the group of prescribers, the age band and sex (with | between), the value, the
-- reason, or all
-- outcome: finding, clear, excluded, not_evaluable or pending
-- units: number of units tonight
-- patients: number of different patients among them tonight
-- is_small: whether that is a number of units or patients that is not shown
-- was_units: number of units in the last publication
-- was_status: how it was published
-- was_small: whether it was too small to be shown
-- linked_units: number of units in the last publication that showed the sum of the column
-- linked_status: how it was published there
-- margin_status: how tonight's figures show the sum of the column
-- status: shown, small (1 to the policy's limit) or withheld (any number, hidden for the sake of a small one)
WITH policy AS (
    SELECT cover_from FROM mart.disclosure
),

counts AS (
    SELECT
        c.rule_id, c.breakdown, c.cell, c.outcome, c.units, c.patients, c.is_small, c.was_units, c.was_status, c.was_small,
        c.linked_units, c.linked_status, p.cover_from
    FROM mart.compared_count AS c CROSS JOIN policy AS p
),

margins AS (
    SELECT rule_id, outcome, status AS margin_status FROM mart.candidate_outcome
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
    SELECT
        rule_id, breakdown, outcome,
        CASE WHEN breakdown = 'reason' THEN min_by(cell, (units, cell)) ELSE min(cell) END AS cover_cell
    FROM columns_seen
    WHERE NOT is_small AND units > 0 AND (units + above_one >= cover_from OR breakdown = 'reason')
    GROUP BY rule_id, breakdown, outcome
),

column_wise AS (
    SELECT
        s.* EXCLUDE (has_small, above_one),
        CASE
            WHEN s.breakdown = 'all' THEN s.margin_status
            WHEN s.cover_from IS NULL THEN CASE WHEN s.is_small THEN 'small' ELSE 'shown' END
            WHEN s.margin_status = 'small' THEN 'withheld'
            WHEN s.linked_status <> 'shown' AND s.units = s.linked_units AND s.units = s.was_units THEN s.was_status
            WHEN s.linked_status <> 'shown' OR (s.linked_status = 'shown' AND s.is_small) THEN 'withheld'
            WHEN s.linked_status = 'shown' THEN 'shown'
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
    WHERE breakdown NOT IN ('all', 'reason')
    GROUP BY rule_id, breakdown, cell
),

exposed AS (
    SELECT DISTINCT mine.rule_id, mine.breakdown
    FROM row_totals AS mine
    JOIN row_totals AS theirs USING (breakdown, cell, units, rule_units)
    WHERE mine.rule_id <> theirs.rule_id AND mine.is_hidden AND NOT theirs.is_hidden AND mine.units > 0
)

SELECT
    c.rule_id, c.breakdown, c.cell, c.outcome, c.units, c.patients, c.is_small, c.was_units, c.was_status, c.was_small,
    c.linked_units, c.linked_status, c.margin_status,
    CASE WHEN e.rule_id IS NOT NULL AND c.cover_from IS NOT NULL THEN 'withheld' ELSE c.status END AS status
FROM column_wise AS c LEFT JOIN exposed AS e USING (rule_id, breakdown)
