-- One count as the dashboard shows or hides it, with the true number behind it as of that publication: what tomorrow's figures
-- are compared with. For analysts; the dashboard shows no column of it but `status` and `shown_units`.
-- rule_id: the rule
-- breakdown: all, month, facility, group, stratum, association, `by ` and the name of an evidence column, or reason
-- cell: the month (its first day), the facility, the group of prescribers, the age band and sex (with | between), the value,
-- the reason, or all
-- outcome: finding, clear, excluded, not_evaluable or pending
-- units: number of units when it was published
-- patients: number of different patients among them
-- status: shown, small (1 to the policy's limit) or withheld (any number, hidden for the sake of a small one)
-- shown_units: the count to show, NULL when it is hidden
-- linked_units: number of units in the last publication that showed the sum of the column; NULL when none did yet, and for
-- that sum itself
-- linked_patients: number of different patients among those
-- linked_status: how it was published there
WITH policy AS (
    SELECT rounded_to FROM mart.disclosure
),

remembered AS (
    SELECT * FROM audit.previous_publication_cell
),

new_figures AS (
    SELECT rule_id FROM mart.publication WHERE NOT is_held
),

cells AS (
    SELECT c.*, c.breakdown <> 'all' AND c.margin_status = 'shown' AS is_linked
    FROM mart.covered_cell AS c SEMI JOIN new_figures USING (rule_id)
),

made AS (
    SELECT
        c.rule_id, c.breakdown, c.cell, c.outcome, c.units, c.patients, c.status,
        CASE WHEN c.status = 'shown' THEN CAST(round(c.units / p.rounded_to) * p.rounded_to AS BIGINT) END AS shown_units,
        CASE WHEN c.is_linked THEN c.units ELSE c.linked_units END AS linked_units,
        CASE WHEN c.is_linked THEN c.patients ELSE r.linked_patients END AS linked_patients,
        CASE WHEN c.is_linked THEN c.status ELSE c.linked_status END AS linked_status
    FROM cells AS c
    CROSS JOIN policy AS p
    LEFT JOIN remembered AS r USING (rule_id, breakdown, cell, outcome)
),

kept AS (
    SELECT r.* FROM remembered AS r ANTI JOIN made USING (rule_id)
)

SELECT
    rule_id, breakdown, cell, outcome, units, patients, status, shown_units, linked_units, linked_patients, linked_status
FROM made
UNION ALL
SELECT
    rule_id, breakdown, cell, outcome, units, patients, status, shown_units, linked_units, linked_patients, linked_status
FROM kept
