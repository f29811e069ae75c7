-- One count as tonight's figures could show it, when a column would tell a small count and its outcome is none that the rule
-- judges (excluded, not evaluable, pending): the outcome is then withheld tonight, with all its cells and reasons, and the rest
-- can come out. Findings and clear units are the rule's result: without them there would be nothing to publish.
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
WITH telling AS (
    SELECT DISTINCT rule_id, line AS outcome, TRUE AS is_telling
    FROM mart.telling_line
    WHERE direction = 'column' AND line IN ('excluded', 'not_evaluable', 'pending')
)

SELECT
    c.rule_id, c.breakdown, c.cell, c.outcome, c.units, c.patients, c.is_small, c.was_units, c.was_status, c.was_small,
    c.linked_units, c.linked_status,
    CASE WHEN t.is_telling THEN 'untold' ELSE c.margin_status END AS margin_status,
    CASE WHEN t.is_telling THEN 'withheld' ELSE c.status END AS status
FROM mart.candidate_cell AS c LEFT JOIN telling AS t USING (rule_id, outcome)
