-- Why units of a rule were excluded, could not be judged or are pending, as it may be shown on a shareable page.
-- Reasons with a hidden count are put together as other reasons, so that the reasons still add up to the rule's count. Where
-- that count is hidden, no reason is listed.
-- rule_id: the rule; only rules that were run
-- outcome: excluded, not_evaluable or pending
-- reason: the reason, or 'other reasons', or NULL when the rule's own count is hidden
-- units: the count to show, NULL when it is hidden
-- shown: what to print
WITH policy AS (
    SELECT small_mark, cover_from IS NOT NULL AS is_merging FROM mart.disclosure
),

rules AS (
    SELECT rule_id FROM audit.rules WHERE run_status = 'run'
),

published AS (
    SELECT c.rule_id, c.breakdown, c.cell, c.outcome, c.units, c.status, c.shown_units, p.small_mark, p.is_merging
    FROM mart.publication_cell AS c SEMI JOIN rules USING (rule_id) CROSS JOIN policy AS p
),

margins AS (
    SELECT
        rule_id, outcome, status,
        CASE status WHEN 'shown' THEN CAST(shown_units AS VARCHAR) WHEN 'small' THEN small_mark ELSE 'withheld' END AS shown
    FROM published WHERE breakdown = 'all'
),

named AS (
    SELECT
        r.rule_id, r.outcome, r.units, r.shown_units, r.small_mark, m.shown AS margin_shown,
        m.status <> 'shown' AS is_hidden,
        r.status <> 'shown' AND r.is_merging AS is_merged,
        CASE
            WHEN m.status <> 'shown' THEN NULL
            WHEN r.status <> 'shown' AND r.is_merging THEN 'other reasons'
            ELSE r.cell
        END AS reason
    FROM published AS r JOIN margins AS m USING (rule_id, outcome)
    WHERE r.breakdown = 'reason'
),

merged AS (
    SELECT
        rule_id, outcome, reason, bool_or(is_hidden) AS is_hidden, any_value(margin_shown) AS margin_shown,
        any_value(small_mark) AS small_mark,
        CAST(CASE WHEN bool_or(is_merged) THEN sum(units) ELSE any_value(shown_units) END AS BIGINT) AS units
    FROM named
    GROUP BY rule_id, outcome, reason
)

SELECT
    rule_id, outcome, reason,
    CASE WHEN NOT is_hidden THEN units END AS units,
    CASE WHEN is_hidden THEN margin_shown ELSE coalesce(CAST(units AS VARCHAR), small_mark) END AS shown
FROM merged
