-- One outcome of one rule as tonight's figures could show it, if nothing had been published before.
-- A total is not shown while a part of it is hidden, so a small part needs no cover of its own. It does where another
-- rule counts the same units and shows them all: that rule's total would give the small part back.
-- rule_id: the rule
-- outcome: finding, clear, excluded, not_evaluable or pending
-- status: shown, small (1 to the policy's limit) or withheld (any number, hidden for the sake of a small one)
WITH policy AS (
    SELECT small_limit, cover_from FROM mart.disclosure
),

counts AS (
    SELECT c.rule_id, c.outcome, c.units, c.patients BETWEEN 1 AND p.small_limit AS is_small
    FROM mart.outcome_count AS c CROSS JOIN policy AS p
    WHERE c.breakdown = 'all'
),

totalled AS (
    SELECT
        *,
        sum(units) OVER (PARTITION BY rule_id) AS total,
        coalesce(sum(units - 1) FILTER (is_small) OVER (PARTITION BY rule_id), 0) AS above_one,
        bool_or(is_small) OVER (PARTITION BY rule_id) AS has_small,
        bool_or(is_small AND outcome IN ('finding', 'clear')) OVER (PARTITION BY rule_id) AS small_is_judged
    FROM counts
),

open_books AS (
    SELECT DISTINCT rule_id, total FROM totalled WHERE NOT has_small AND total > 0
),

exposed AS (
    SELECT
        t.*,
        t.has_small AND p.cover_from IS NOT NULL
        AND EXISTS (SELECT 1 FROM open_books AS o WHERE o.total = t.total AND o.rule_id <> t.rule_id) AS is_exposed,
        NOT t.is_small AND t.units > 0 AND t.units + t.above_one >= p.cover_from AS can_cover
    FROM totalled AS t CROSS JOIN policy AS p
),

covered AS (
    -- The cover is the other half of the rate when a half of it is small, since the rate is lost anyway.
    SELECT
        *,
        bool_or(can_cover) OVER (PARTITION BY rule_id) AS has_cover,
        row_number() OVER (
            PARTITION BY rule_id, can_cover
            ORDER BY list_position(
                CASE
                    WHEN small_is_judged THEN ['clear', 'finding', 'excluded', 'not_evaluable', 'pending']
                    ELSE ['excluded', 'not_evaluable', 'pending', 'clear', 'finding']
                END, outcome
            )
        ) = 1 AND can_cover AS is_cover
    FROM exposed
)

SELECT
    rule_id, outcome,
    CASE
        WHEN is_exposed AND (is_cover OR NOT coalesce(has_cover, FALSE)) THEN 'withheld'
        WHEN is_small THEN 'small'
        ELSE 'shown'
    END AS status
FROM covered
