-- One rule with its five outcomes, as they may be shown on a shareable page. A rule that was not run has no numbers.
-- rule_id: the rule
-- position: its place in lists
-- pack: the rule's pack
-- companion: whether the rule is beyond the guideline, and so no part of headline rates
-- title: the rule's title
-- kind: safety, signal, value, documentation or descriptive
-- version: version of the rule
-- run_status: run or not_run
-- not_run_reason: why it was not run
-- horizon: the day after which nothing was judged when the figures were made
-- numerator: findings; NULL when hidden
-- numerator_shown: the same as printed
-- clear: units judged and clear; NULL when hidden
-- clear_shown: the same as printed
-- excluded: units excluded; NULL when hidden
-- excluded_shown: the same as printed
-- not_evaluable: units that could not be judged for want of data; NULL when hidden
-- not_evaluable_shown: the same as printed
-- pending: units whose follow-up is not long enough yet; NULL when hidden
-- pending_shown: the same as printed
-- units: units of all five outcomes; NULL when one of them is hidden
-- units_shown: the same as printed
-- denominator: findings and clear units; NULL when either is hidden
-- denominator_shown: the same as printed
-- rate: numerator / denominator; NULL when either half is hidden, or there is nothing to divide by
-- figures_of: the date that was audited when the figures were made
-- is_held: whether they are of an earlier run, since newer ones would tell a small count; NULL when the rule was not run
-- said: what the pages say of figures that are held; NULL when they are tonight's
WITH policy AS (
    SELECT small_mark, rounded_to FROM mart.disclosure
),

rules AS (
    SELECT rule_id, position, pack, companion, title, kind, version, run_status, not_run_reason, horizon FROM mart.rule_summary
),

publications AS (
    SELECT rule_id, figures_of, is_held, horizon, said FROM mart.publication
),

outcomes AS (
    SELECT rule_id, outcome, units, status, shown, outcome IN ('finding', 'clear') AS is_judged FROM mart.public_outcome
),

pivoted AS (
    SELECT
        rule_id,
        max(units) FILTER (outcome = 'finding') AS numerator,
        max(shown) FILTER (outcome = 'finding') AS numerator_shown,
        max(units) FILTER (outcome = 'clear') AS clear,
        max(shown) FILTER (outcome = 'clear') AS clear_shown,
        max(units) FILTER (outcome = 'excluded') AS excluded,
        max(shown) FILTER (outcome = 'excluded') AS excluded_shown,
        max(units) FILTER (outcome = 'not_evaluable') AS not_evaluable,
        max(shown) FILTER (outcome = 'not_evaluable') AS not_evaluable_shown,
        max(units) FILTER (outcome = 'pending') AS pending,
        max(shown) FILTER (outcome = 'pending') AS pending_shown,
        -- What the visible parts alone tell of a sum with hidden parts: each small one is at least 1.
        CAST(sum(CASE status WHEN 'small' THEN 1 ELSE coalesce(units, 0) END) AS BIGINT) AS units_known,
        CAST(sum(CASE status WHEN 'small' THEN 1 ELSE coalesce(units, 0) END) FILTER (is_judged) AS BIGINT) AS judged_known,
        count(*) FILTER (status = 'small') AS units_small,
        count(*) FILTER (status = 'small' AND is_judged) AS judged_small,
        count(*) FILTER (status = 'withheld') AS units_withheld,
        count(*) FILTER (status = 'withheld' AND is_judged) AS judged_withheld
    FROM outcomes
    GROUP BY rule_id
),

summed AS (
    SELECT
        *,
        CASE WHEN units_small + units_withheld = 0 THEN units_known END AS units,
        CASE WHEN judged_small + judged_withheld = 0 THEN judged_known END AS denominator
    FROM pivoted
)

SELECT
    r.rule_id, r.position, r.pack, r.companion, r.title, r.kind, r.version, r.run_status, r.not_run_reason,
    CASE WHEN b.is_held THEN b.horizon ELSE r.horizon END AS horizon,
    s.numerator, s.numerator_shown, s.clear, s.clear_shown, s.excluded, s.excluded_shown,
    s.not_evaluable, s.not_evaluable_shown, s.pending, s.pending_shown,
    s.units,
    CASE
        WHEN s.units IS NOT NULL THEN CAST(s.units AS VARCHAR)
        WHEN s.units_small = 1 AND s.units_known = 1 AND s.units_withheld = 0 THEN p.small_mark
        WHEN p.rounded_to > 1 OR s.units_known = s.units_small THEN 'withheld'
        ELSE 'at least ' || s.units_known
    END AS units_shown,
    s.denominator,
    CASE
        WHEN s.denominator IS NOT NULL THEN CAST(s.denominator AS VARCHAR)
        WHEN s.judged_small = 1 AND s.judged_known = 1 AND s.judged_withheld = 0 THEN p.small_mark
        WHEN p.rounded_to > 1 OR s.judged_known = s.judged_small THEN 'withheld'
        ELSE 'at least ' || s.judged_known
    END AS denominator_shown,
    s.numerator / nullif(s.denominator, 0) AS rate,
    CASE WHEN r.run_status = 'run' THEN b.figures_of END AS figures_of,
    CASE WHEN r.run_status = 'run' THEN b.is_held END AS is_held,
    b.said
FROM rules AS r
CROSS JOIN policy AS p
LEFT JOIN summed AS s USING (rule_id)
LEFT JOIN publications AS b USING (rule_id)
