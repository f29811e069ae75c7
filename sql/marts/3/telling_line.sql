-- A column (an outcome through all cells of a table) or a row (a month, place, stratum or value with all outcomes) of tonight's
-- figures that beside the last publication would tell a small count, or how it changed (macro lines_that_tell says when).
-- rule_id: the rule
-- breakdown: all, month, facility, group, stratum, association, `by ` and the name of an evidence column, or reason
-- direction: column or row
-- line: the outcome of a column, the cell of a row
SELECT rule_id, breakdown, direction, line FROM lines_that_tell('mart.candidate_cell')
