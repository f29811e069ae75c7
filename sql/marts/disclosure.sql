-- The disclosure policy in force: one row, read by every table that may be shared. An unknown policy stops the run.
-- policy: cms11, round5 or none
-- small_limit: counts from 1 to this number are not shown
-- small_mark: what is printed in their place
-- rounded_to: every other count is rounded to a multiple of this
-- cover_from: small counts hide behind a withheld one when it, with what each of them has above 1, comes to this much:
-- then each of them can still be anything from 1 to the limit; NULL when rounding hides them
-- hold_days: for so many days a rule's last figures may stand, while newer ones beside them would tell a small count, before
-- more counts are withheld to get newer ones out; NULL when figures are never held
-- settle_days: for so many days units of a month can be pending, at the longest: a month whose pending units are withheld counts as
-- provisional until then, whether it has any or not; NULL when none are withheld
-- said: the policy in one sentence, for the pages
WITH policies AS (
    SELECT
        'cms11' AS policy, 10 AS small_limit, '<11' AS small_mark, 1 AS rounded_to, 20 AS cover_from, 31 AS hold_days,
        180 AS settle_days,
        'Counts of 1 to 10, and counts that stand for 1 to 10 patients, are shown as <11. '
        || 'Other counts are withheld, and figures stay as they were, where they would give such a count back.' AS said
    UNION ALL
    SELECT
        'round5', 7, '<8', 5, NULL, NULL, NULL,
        'Counts of 1 to 7 are shown as <8. Every other count is rounded to the nearest multiple of 5.'
    UNION ALL
    SELECT 'none', 0, NULL, 1, NULL, NULL, NULL, 'Every count is shown as it is. For a closed network only; do not pass on.'
),

chosen AS (
    SELECT
        CASE
            WHEN $disclosure IN (SELECT policy FROM policies) THEN $disclosure
            ELSE error('Unknown disclosure policy; use cms11, round5 or none.')
        END AS policy
)

SELECT policy, small_limit, small_mark, rounded_to, cover_from, hold_days, settle_days, said
FROM policies JOIN chosen USING (policy)
