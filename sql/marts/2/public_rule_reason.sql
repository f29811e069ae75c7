-- Why units of a rule were excluded, could not be judged or are pending, as it may be shown on a shareable page.
-- Reasons with a small count, and the least frequent of the others with them, are put together as other reasons, so that
-- the reasons still add up to the rule's count. Where that count is hidden, no reason is listed.
-- rule_id: the rule
-- outcome: excluded, not_evaluable or pending
-- reason: the reason, or 'other reasons', or NULL when the rule's own count is hidden
-- units: the count to show, NULL when it is hidden
-- shown: what to print
WITH policy AS (
    SELECT small_limit, small_mark, rounded_to, cover_from FROM mart.disclosure
),

margins AS (
    SELECT rule_id, outcome, status, shown AS margin_shown
    FROM mart.public_outcome WHERE outcome IN ('excluded', 'not_evaluable', 'pending')
),

reasons AS (
    SELECT
        r.rule_id, r.outcome, r.reason, r.units, m.status, m.margin_shown,
        r.patients BETWEEN 1 AND p.small_limit AS is_small, p.cover_from IS NOT NULL AS is_merging
    FROM mart.rule_reason AS r
    JOIN margins AS m USING (rule_id, outcome)
    CROSS JOIN policy AS p
),

ordered AS (
    SELECT
        *,
        bool_or(is_small) OVER (PARTITION BY rule_id, outcome) AS has_small,
        row_number() OVER (PARTITION BY rule_id, outcome, is_small ORDER BY units, reason) = 1 AS is_least
    FROM reasons
),

named AS (
    SELECT
        rule_id, outcome, units, margin_shown,
        status <> 'shown' AS is_hidden,
        is_small AND NOT is_merging AS is_small,
        CASE
            WHEN status <> 'shown' THEN NULL
            WHEN is_merging AND has_small AND (is_small OR is_least) THEN 'other reasons'
            ELSE reason
        END AS reason
    FROM ordered
),

merged AS (
    SELECT
        rule_id, outcome, reason, bool_or(is_hidden) AS is_hidden, bool_or(is_small) AS is_small,
        any_value(margin_shown) AS margin_shown, sum(units) AS units
    FROM named
    GROUP BY rule_id, outcome, reason
),

rounded AS (
    SELECT
        m.rule_id, m.outcome, m.reason, m.is_hidden, m.margin_shown, p.small_mark,
        CASE
            WHEN NOT m.is_hidden AND NOT m.is_small THEN CAST(round(m.units / p.rounded_to) * p.rounded_to AS BIGINT)
        END AS units
    FROM merged AS m CROSS JOIN policy AS p
)

SELECT
    rule_id, outcome, reason, units,
    CASE WHEN is_hidden THEN margin_shown WHEN units IS NULL THEN small_mark ELSE CAST(units AS VARCHAR) END AS shown
FROM rounded
