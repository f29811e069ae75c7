-- When the figures of a rule on the dashboard are of. They are tonight's, unless tonight's would tell a small count to somebody
-- who has the last ones: then those stand. A rule that was not run keeps its row, for the night when it is run again.
-- What is guarded is counts that are small on one of the nights. That a count which is large on both grew by one or two is shown,
-- of findings as of the other outcomes: were that held back as well, figures of a rule with fifty units a day would stand still
-- for some five months, and of one with twenty for more than a year.
-- rule_id: the rule
-- policy: the disclosure policy that the figures keep to
-- version: the rule's version when they were made
-- figures_of: the date that was audited when they were made
-- horizon: the day after which nothing was judged then
-- is_held: whether the rule was run tonight and yet shows the last figures
-- is_covered: whether more counts than usual were withheld to get newer figures out (mart.covered_cell)
-- said: what the pages say of figures that are held; NULL when they are tonight's
WITH policy AS (
    SELECT policy FROM mart.disclosure
),

rules AS (
    SELECT rule_id, version, horizon FROM audit.rules WHERE run_status = 'run'
),

telling AS (
    SELECT DISTINCT rule_id FROM lines_that_tell('mart.quieted_cell')
),

telling_still AS (
    SELECT DISTINCT rule_id FROM lines_that_tell('mart.covered_cell')
),

decided AS (
    SELECT
        r.rule_id, r.version, r.horizon,
        r.rule_id IN (SELECT rule_id FROM telling) AS is_telling,
        r.rule_id IN (SELECT rule_id FROM telling_still) AS is_telling_still
    FROM rules AS r
),

released AS (
    SELECT d.rule_id, p.policy, d.version, $as_of AS figures_of, d.horizon, FALSE AS is_held, d.is_telling AS is_covered
    FROM decided AS d CROSS JOIN policy AS p
    WHERE NOT d.is_telling_still
),

kept AS (
    SELECT b.rule_id, b.policy, b.version, b.figures_of, b.horizon, r.rule_id IS NOT NULL AS is_held, b.is_covered
    FROM audit.previous_publication AS b
    LEFT JOIN rules AS r USING (rule_id)
    ANTI JOIN released USING (rule_id)
),

together AS (
    SELECT * FROM released
    UNION ALL
    SELECT * FROM kept
)

SELECT
    rule_id, policy, version, figures_of, horizon, is_held, is_covered,
    CASE
        WHEN is_held THEN
            'Figures as published on ' || strftime(figures_of, '%-d %B %Y') || '; what changed since is too small to be shown.'
    END AS said
FROM together
