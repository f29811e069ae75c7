-- One count that the dashboard could show, beside what was last published of it. What a rule has last published is left out,
-- and the rule starts afresh, when the policy or the major version of the rule is another one.
-- rule_id: the rule; only rules that were run
-- breakdown: all, month, facility, group, stratum, association, `by ` and the name of an evidence column, or reason
-- cell: the month (its first day), the facility, the group of prescribers, the age band and sex (with | between), the value, the
-- reason, or all
-- outcome: finding, clear, excluded, not_evaluable or pending; a reason has one only
-- units: number of units tonight
-- patients: number of different patients among them tonight
-- is_small: whether that is a number of units or patients that is not shown
-- was_units: number of units in the last publication; 0 for a cell that is new in its table, NULL without a publication
-- was_status: how it was published: shown, small or withheld
-- was_small: whether it was too small to be shown, then or in the publication of `linked_units`
-- linked_units: number of units in the last publication that showed the rule's count of the outcome beside it, the sum of
-- the column; NULL when none did yet, and for that count itself
-- linked_status: how it was published there
WITH policy AS (
    SELECT policy, small_limit FROM mart.disclosure WHERE cover_from IS NOT NULL
),

limits AS (
    SELECT small_limit FROM mart.disclosure
),

continued AS (
    SELECT p.rule_id
    FROM audit.previous_publication AS p
    JOIN audit.rules AS r USING (rule_id)
    JOIN policy USING (policy)
    WHERE r.run_status = 'run' AND split_part(p.version, '.', 1) = split_part(r.version, '.', 1)
),

remembered AS (
    SELECT c.* FROM audit.previous_publication_cell AS c SEMI JOIN continued USING (rule_id)
),

tables_remembered AS (
    SELECT DISTINCT rule_id, breakdown, TRUE AS is_remembered FROM remembered
),

columns_linked AS (
    SELECT DISTINCT rule_id, breakdown, outcome, TRUE AS is_linked FROM remembered WHERE linked_units IS NOT NULL
),

hidden_places AS (
    -- A place whose hidden counts all came to 0 stays while its table does: that it was gone would tell them.
    SELECT DISTINCT rule_id, breakdown, cell FROM remembered WHERE status <> 'shown'
),

counts AS (
    SELECT rule_id, breakdown, cell, outcome, units, patients FROM mart.outcome_count WHERE breakdown <> 'prescriber'
    UNION ALL
    SELECT rule_id, 'reason', reason, outcome, units, patients
    FROM mart.rule_reason WHERE outcome IN ('excluded', 'not_evaluable', 'pending')
),

tables_counted AS (
    SELECT DISTINCT rule_id, breakdown FROM counts
),

gone AS (
    SELECT r.rule_id, r.breakdown, r.cell, r.outcome, 0 AS units, 0 AS patients
    FROM remembered AS r
    SEMI JOIN hidden_places USING (rule_id, breakdown, cell)
    SEMI JOIN tables_counted USING (rule_id, breakdown)
    ANTI JOIN counts USING (rule_id, breakdown, cell, outcome)
),

complete AS (
    SELECT rule_id, breakdown, cell, outcome, units, patients FROM counts
    UNION ALL
    SELECT rule_id, breakdown, cell, outcome, units, patients FROM gone
),

beside AS (
    SELECT
        c.rule_id, c.breakdown, c.cell, c.outcome, c.units, c.patients,
        c.patients BETWEEN 1 AND l.small_limit AS is_small,
        CASE WHEN t.is_remembered THEN coalesce(r.units, 0) END AS was_units,
        CASE WHEN t.is_remembered THEN coalesce(r.status, 'shown') END AS was_status,
        coalesce(r.patients BETWEEN 1 AND l.small_limit, FALSE)
        OR coalesce(r.linked_patients BETWEEN 1 AND l.small_limit, FALSE) AS was_small,
        CASE WHEN k.is_linked THEN coalesce(r.linked_units, 0) END AS linked_units,
        CASE WHEN k.is_linked THEN coalesce(r.linked_status, 'shown') END AS linked_status
    FROM complete AS c
    CROSS JOIN limits AS l
    LEFT JOIN remembered AS r USING (rule_id, breakdown, cell, outcome)
    LEFT JOIN tables_remembered AS t USING (rule_id, breakdown)
    LEFT JOIN columns_linked AS k USING (rule_id, breakdown, outcome)
)

SELECT
    rule_id, breakdown, cell, outcome, units, patients, is_small, was_units, was_status, was_small, linked_units, linked_status
FROM beside
