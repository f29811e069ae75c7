-- One outcome of one rule in one month, facility, group of prescribers, age band and sex, associated condition, or value of its
-- evidence, as it may be shown on a shareable page.
-- rule_id: the rule; only rules that were run
-- breakdown: month, facility, group, stratum, association, or `by ` and the name of an evidence column
-- cell: the month (its first day), the facility, the group of prescribers, the age band and sex (with | between), the
-- associated condition, or the value
-- outcome: finding, clear, excluded, not_evaluable or pending
-- units: the count to show, NULL when it is hidden
-- status: shown, small (1 to the policy's limit) or withheld (any number, hidden for the sake of a small one)
-- shown: what to print
WITH policy AS (
    SELECT small_mark FROM mart.disclosure
),

rules AS (
    SELECT rule_id FROM audit.rules WHERE run_status = 'run'
),

counts AS (
    SELECT rule_id, breakdown, cell, outcome, status, shown_units
    FROM mart.publication_cell WHERE breakdown NOT IN ('all', 'reason')
)

SELECT
    c.rule_id, c.breakdown, c.cell, c.outcome, c.shown_units AS units, c.status,
    CASE c.status WHEN 'shown' THEN CAST(c.shown_units AS VARCHAR) WHEN 'small' THEN p.small_mark ELSE 'withheld' END AS shown
FROM counts AS c
SEMI JOIN rules USING (rule_id)
CROSS JOIN policy AS p
