-- One count as tonight's figures show it when the last ones have stood too long: in every row that would tell a small count
-- all that changed is withheld too, and in every column that would, the large cell that has grown most. Both stay hidden from
-- then on, so this is for rules whose figures could not come out otherwise. Of other rules it is
-- mart.quieted_cell.
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
-- margin_status: how tonight's figures show the sum of the column; untold when it is withheld for what it would tell
-- status: shown, small (1 to the policy's limit) or withheld (any number, hidden for the sake of a small one)
WITH policy AS (
    SELECT hold_days FROM mart.disclosure
),

stale AS (
    SELECT b.rule_id FROM audit.previous_publication AS b CROSS JOIN policy AS p WHERE b.figures_of <= $as_of - p.hold_days
),

quieted AS (
    SELECT * FROM mart.quieted_cell
),

telling_rows AS (
    SELECT t.rule_id, t.breakdown, t.line AS cell, TRUE AS is_telling
    FROM lines_that_tell('quieted') AS t SEMI JOIN stale USING (rule_id)
    WHERE t.direction = 'row' AND t.breakdown <> 'all'
),

rows_covered AS (
    SELECT
        c.* REPLACE (CASE WHEN t.is_telling AND c.units <> c.was_units THEN 'withheld' ELSE c.status END AS status)
    FROM quieted AS c LEFT JOIN telling_rows AS t USING (rule_id, breakdown, cell)
),

telling_columns AS (
    SELECT t.rule_id, t.breakdown, t.line AS outcome
    FROM lines_that_tell('rows_covered') AS t SEMI JOIN stale USING (rule_id)
    WHERE t.direction = 'column'
),

rows_moved AS (
    SELECT rule_id, breakdown, cell, sum(units) <> sum(was_units) AS is_moved
    FROM rows_covered
    GROUP BY rule_id, breakdown, cell
),

covers AS (
    -- A place whose own sum changed first: where it did not, the rest of the row would tell the cover.
    SELECT c.rule_id, c.breakdown, c.outcome, max_by(c.cell, (m.is_moved, c.units - c.linked_units, c.cell)) AS cover_cell
    FROM rows_covered AS c
    SEMI JOIN telling_columns USING (rule_id, breakdown, outcome)
    JOIN rows_moved AS m USING (rule_id, breakdown, cell)
    WHERE c.status = 'shown' AND NOT c.is_small AND c.units > 0 AND c.units <> c.linked_units
    GROUP BY c.rule_id, c.breakdown, c.outcome
)

SELECT
    c.rule_id, c.breakdown, c.cell, c.outcome, c.units, c.patients, c.is_small, c.was_units, c.was_status, c.was_small,
    c.linked_units, c.linked_status, c.margin_status,
    CASE WHEN c.cell = k.cover_cell THEN 'withheld' ELSE c.status END AS status
FROM rows_covered AS c LEFT JOIN covers AS k USING (rule_id, breakdown, outcome)
