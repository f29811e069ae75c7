-- One distinct free-text sig, read: how much is taken at a time and how often. What is not understood is NULL, never guessed:
-- a dose that changes on the way, two amounts that do not add up, a frequency without a number.
-- sig: directions as sent
-- amount_kind: what `amount` and `amount_per_day` count: mass (mg), volume (ml) or count (tablets, capsules)
-- amount: amount of one dose; the largest of a range or of several doses
-- times_per_day: doses a day, the most of a range
-- amount_per_day: amount a day, the most of a range; NULL unless amount and frequency are both understood
-- is_range: whether the amount or the frequency is a range, or the most allowed (up to)
-- as_needed: whether the words say as needed
-- taper: whether the words say that the dose is to be tapered
-- route_group: route group that the words name
WITH
sig_frequencies AS (SELECT * FROM codelists.sig_frequencies),

directions AS (SELECT * FROM clean.direction_words),

phrases AS (
    SELECT
        d.words AS phrase,
        -- What the phrase is replaced by.
        CASE
            WHEN bool_or(f.per_day_high IS NOT NULL)
                THEN ' times=' || any_value(coalesce(f.per_day_low, f.per_day_high)) || '=' || any_value(f.per_day_high) || ' '
            ELSE ' '
        END
        || CASE WHEN bool_or(lower(f.as_needed) = 'true') THEN ' prn ' ELSE '' END AS meaning
    FROM sig_frequencies AS f
    JOIN directions AS d ON f.words = d.text
    GROUP BY d.words
),

sigs AS (
    SELECT text AS sig, words FROM directions WHERE is_sig
),

amounts_marked AS (
    SELECT
        sig,
        words,
        regexp_replace(
            words, ' (?:max|maximum|not  to  exceed|no  more  than|do  not  exceed|do  not  take  more  than)  .*$', ' ', 'g'
        ) AS without_limit,
        regexp_replace(
            without_limit,
            ' (?:for|x|times|over)  (?:the  next  )?[0-9-]+  (?:d|day|days|w|wk|wks|week|weeks|month|months|doses) ', ' ', 'g'
        ) AS without_duration,
        -- 5 mg / 5 ml is a strength, and so is the mass in "1 10 mg tablet".
        regexp_replace(
            without_duration, ' [0-9.]+  (?:mg|mcg|g)  (?:/|per)  (?:[0-9.]+  )?(?:ml|tablet|tab|capsule|cap) ', ' ', 'g'
        ) AS without_strength,
        regexp_replace(
            without_strength, ' ([0-9.-]+)  [0-9.]+  mg  (tabs?|tablets?|caps?|capsules?) ', ' \1  \2 ', 'g'
        ) AS without_tablet_size,
        regexp_replace(
            without_tablet_size, ' ([0-9]*\.?[0-9]+)(?:-([0-9]*\.?[0-9]+))?  (?:mg|mgs|milligrams?) ', ' mass=\1=\2 ', 'g'
        ) AS masses,
        regexp_replace(masses, ' ([0-9]*\.?[0-9]+)(?:-([0-9]*\.?[0-9]+))?  (?:g|gm|grams?) ', ' grams=\1=\2 ', 'g') AS grams,
        regexp_replace(
            grams, ' ([0-9]*\.?[0-9]+)(?:-([0-9]*\.?[0-9]+))?  (?:ml|mls|cc|milliliters?) ', ' volume=\1=\2 ', 'g'
        ) AS volumes,
        regexp_replace(
            volumes, ' ([0-9]*\.?[0-9]+)(?:-([0-9]*\.?[0-9]+))?  (?:tsp|teaspoons?|teaspoonfuls?) ', ' teaspoons=\1=\2 ', 'g'
        ) AS teaspoons,
        regexp_replace(
            teaspoons,
            ' ([0-9]*\.?[0-9]+)(?:-([0-9]*\.?[0-9]+))?  (?:tbsp|tablespoons?|tablespoonfuls?) ', ' tablespoons=\1=\2 ', 'g'
        ) AS tablespoons,
        regexp_replace(
            tablespoons,
            ' ([0-9]*\.?[0-9]+)(?:-([0-9]*\.?[0-9]+))?  '
            || '(?:tabs?|tablets?|tablet  s|caps?|capsules?|capsule  s|caplets?|pills?|softgels?|packets?|gumm(?:y|ies)) ',
            ' count=\1=\2 ', 'g'
        ) AS counts
    FROM sigs
),

phrases_marked AS (
    SELECT
        sig,
        words,
        regexp_replace(
            counts,
            ' ([0-9]+)(?:-([0-9]+))?  (?:x|times?)  (?:(?:a|per|each|every|/)  )?(?:day|daily|d) ', ' times=\1=\2 ', 'g'
        ) AS times_a_day,
        regexp_replace(
            times_a_day, ' (?:every|q|each)  ([0-9.]+)(?:-([0-9.]+))?  (?:hours?|hrs?|h|hourly) ', ' hours=\1=\2 ', 'g'
        ) AS hours,
        regexp_replace(hours, ' (?:every|q|each)  ([0-9]+)(?:-([0-9]+))?  (?:days?|d) ', ' days=\1=\2 ', 'g') AS days,
        regexp_replace(
            days,
            ' ([0-9]+)(?:-([0-9]+))?  (?:x|times?)  (?:(?:a|per|each|every|/)  )?(?:week|weekly|wk) ', ' weekly=\1=\2 ', 'g'
        ) AS marked
    FROM amounts_marked
),

tokens AS (
    SELECT DISTINCT sig, marked, unnest(string_split(trim(marked), '  ')) AS token FROM phrases_marked
),

replacements AS (
    SELECT t.sig, list(p.phrase || '=>' || p.meaning ORDER BY length(p.phrase) DESC, p.phrase) AS pairs
    FROM tokens AS t
    JOIN phrases AS p ON t.token = split_part(trim(p.phrase), '  ', 1) AND contains(t.marked, p.phrase)
    GROUP BY t.sig
),

all_pairs AS (
    SELECT
        m.*,
        coalesce(r.pairs, []) AS pairs
    FROM phrases_marked AS m
    LEFT JOIN replacements AS r USING (sig)
),

all_marked AS (
    SELECT
        sig,
        words,
        list_reduce(
            pairs, lambda spelt, pair: replace(spelt, split_part(pair, '=>', 1), split_part(pair, '=>', 2)), marked
        ) AS replaced,
        regexp_replace(replaced, ' (?:a|per|/|each|every)  day ', ' times=1= ', 'g') AS days_marked,
        -- A small bare number before a frequency or a route is a number of tablets: 1 tid, 1 po tid.
        regexp_replace(
            days_marked, ' ([1-3]|0\.5|1\.5)(?:-([1-3]))?  ((?:po|by  mouth|orally)|(?:times|hours)=[0-9.]*=[0-9.]*) ',
            ' count=\1=\2  \3 ', 'g'
        ) AS bare_marked,
        -- A number that stands before an amount makes it unclear.
        regexp_replace(bare_marked, ' [0-9][0-9.-]*  ((?:mass|grams|volume|teaspoons|tablespoons|count)=)', ' then  \1', 'g')
            AS all_marked
    FROM all_pairs
),

marks AS (
    SELECT
        sig,
        words,
        all_marked AS marked,
        list_transform(
            regexp_extract_all(all_marked, ' ((?:mass|grams|volume|teaspoons|tablespoons|count)=[0-9.]+=[0-9.]*) ', 1),
            lambda mark: {
                'kind': CASE split_part(mark, '=', 1)
                    WHEN 'grams' THEN 'mass'
                    WHEN 'teaspoons' THEN 'volume'
                    WHEN 'tablespoons' THEN 'volume'
                    ELSE split_part(mark, '=', 1)
                END,
                'most': CAST(coalesce(nullif(split_part(mark, '=', 3), ''), split_part(mark, '=', 2)) AS DOUBLE)
                * CASE split_part(mark, '=', 1)
                    WHEN 'grams' THEN 1000
                    WHEN 'teaspoons' THEN 5
                    WHEN 'tablespoons' THEN 15
                    ELSE 1
                END,
                'is_range': split_part(mark, '=', 3) != ''
            }
        ) AS amounts,
        list_transform(
            regexp_extract_all(all_marked, ' ((?:times|hours|days|weekly)=[0-9.]+=[0-9.]*) ', 1),
            lambda mark: {
                'most': CASE split_part(mark, '=', 1)
                    WHEN 'hours' THEN 24 / nullif(CAST(split_part(mark, '=', 2) AS DOUBLE), 0)
                    WHEN 'days' THEN 1 / nullif(CAST(split_part(mark, '=', 2) AS DOUBLE), 0)
                    WHEN 'weekly'
                        THEN CAST(coalesce(nullif(split_part(mark, '=', 3), ''), split_part(mark, '=', 2)) AS DOUBLE) / 7
                    ELSE CAST(coalesce(nullif(split_part(mark, '=', 3), ''), split_part(mark, '=', 2)) AS DOUBLE)
                END,
                'is_range': split_part(mark, '=', 3) NOT IN ('', split_part(mark, '=', 2))
            }
        ) AS frequencies,
        -- The sentence's skeleton: A amount, F frequency, + and, > a change of dose; other words and commas fall away.
        array_to_string(
            list_transform(
                regexp_extract_all(
                    all_marked,
                    ' ((?:mass|grams|volume|teaspoons|tablespoons|count|times|hours|days|weekly)=|and |then |increase |'
                    || 'increasing |increased |decrease |decreasing |titrate |alternate |alternating |followed |except |'
                    || 'skip |total )',
                    1
                ),
                lambda word: CASE
                    WHEN word = 'and ' THEN '+'
                    WHEN word = 'total ' THEN 'T'
                    WHEN word IN ('times=', 'hours=', 'days=', 'weekly=') THEN 'F'
                    WHEN ends_with(word, '=') THEN 'A'
                    ELSE '>'
                END
            ),
            ''
        ) AS skeleton
    FROM all_marked
),

-- A tablet count with its mass beside it is one amount said twice: the mass if it is the total, else the count.
single_amounts AS (
    SELECT
        * EXCLUDE (amounts, skeleton),
        CASE
            WHEN regexp_matches(skeleton, '^AAT?') AND len(amounts) = 2 AND amounts[1].kind = 'count' AND amounts[2].kind = 'mass'
                THEN [CASE WHEN starts_with(skeleton, 'AAT') OR amounts[1].most = 1 THEN amounts[2] ELSE amounts[1] END]
            WHEN regexp_matches(skeleton, '^AA') AND len(amounts) = 2 AND amounts[1].kind = 'mass' AND amounts[2].kind = 'count'
                AND amounts[2].most = 1 AND regexp_matches(marked, ' mass=[0-9.=]+  count=')
                THEN [amounts[1]]
            ELSE amounts
        END AS amounts,
        CASE
            WHEN len(amounts) = 2 AND amounts[1].kind != amounts[2].kind THEN regexp_replace(skeleton, '^AAT?', 'A')
            ELSE replace(skeleton, 'T', '')
        END AS skeleton
    FROM marks
),

counted AS (
    SELECT
        *,
        len(amounts) AS amount_count,
        len(frequencies) AS frequency_count,
        list_distinct(list_transform(frequencies, lambda frequency: frequency.most)) AS different_frequencies,
        len(list_distinct(list_transform(amounts, lambda amount: amount.kind))) <= 1 AS one_kind,
        -- Different times of the day that the words name.
        CAST(regexp_matches(words, ' (morning|am|qam|breakfast|awakening|waking) ') AS INTEGER)
        + CAST(regexp_matches(words, ' (noon|midday|lunch|lunchtime|afternoon) ') AS INTEGER)
        + CAST(regexp_matches(words, ' (evening|pm|qpm|dinner|supper) ') AS INTEGER)
        + CAST(regexp_matches(words, ' (bedtime|hs|qhs|night|nightly|nocte|bed) ') AS INTEGER) AS times_of_day
    FROM single_amounts
),

readings AS (
    SELECT
        *,
        CASE
            WHEN NOT one_kind THEN NULL
            WHEN amount_count > 1 AND amount_count = frequency_count AND regexp_full_match(skeleton, '(\+?AF)+\+?')
                THEN 'several doses'
            WHEN amount_count > 1 OR NOT regexp_full_match(skeleton, '\+*(A\+*)?[F+]*(FA)?\+*') THEN NULL
            WHEN frequency_count = 0 THEN 'amount only'
            WHEN frequency_count = 1 THEN 'one frequency'
            WHEN different_frequencies = [1] AND times_of_day = frequency_count THEN 'several times'
            WHEN different_frequencies = [1] AND regexp_matches(skeleton, '^A?F(\+F)+$') THEN 'several times'
            WHEN len(different_frequencies) = 1 AND times_of_day <= 1 AND NOT contains(skeleton, '+') THEN 'one frequency'
            -- twice daily, in the morning and at bedtime
            WHEN frequencies[1].most = frequency_count - 1
                AND list_distinct(list_transform(frequencies[2:], lambda frequency: frequency.most)) = [1]
                THEN 'one frequency'
        END AS reading
    FROM counted
),

doses AS (
    SELECT
        *,
        list_max(list_transform(amounts, lambda amount: amount.most)) AS amount,
        CASE reading
            WHEN 'one frequency' THEN frequencies[1].most
            WHEN 'several times' THEN list_sum(list_transform(frequencies, lambda frequency: frequency.most))
            WHEN 'several doses' THEN list_sum(list_transform(frequencies, lambda frequency: frequency.most))
        END AS times_per_day,
        CASE
            WHEN reading = 'several doses'
                THEN list_sum(list_transform(list_zip(amounts, frequencies), lambda pair: pair[1].most * pair[2].most))
        END AS amount_of_several
    FROM readings
)

SELECT
    sig,
    CASE WHEN reading IS NOT NULL THEN amounts[1].kind END AS amount_kind,
    CASE WHEN reading IS NOT NULL THEN amount END AS amount,
    times_per_day,
    coalesce(amount_of_several, amount * times_per_day) AS amount_per_day,
    reading IS NOT NULL
    AND (contains(words, ' up  to ') OR list_contains(
        list_concat(
            list_transform(amounts, lambda dose: dose.is_range),
            list_transform(frequencies, lambda frequency: frequency.is_range)
        ),
        TRUE
    )) AS is_range,
    regexp_matches(marked, ' prn ')
    OR regexp_matches(words, ' (prn|(as|if|when|where)  (needed|required|necessary)) ') AS as_needed,
    regexp_matches(
        words,
        ' (taper|tapers|tapered|tapering|wean|weaned|weaning) | (decrease|reduce|lower|decreasing|reducing|lowering)  '
        || '(to|by|dose|the  dose|dosage|gradually|slowly) | (gradually|slowly)  (decrease|reduce|lower|stop|discontinue) '
    )
    AND NOT regexp_matches(words, ' (no|not|never|without|stop)  (need  to  |a  )?(taper|tapering|wean|weaning) ') AS taper,
    CASE
        WHEN regexp_matches(words, ' (by  mouth|po|oral|orally|per  os|swallow|chew) ') THEN 'oral'
        WHEN regexp_matches(words, ' (intrathecal|intrathecally) ') THEN 'intrathecal'
        WHEN regexp_matches(words, ' (iv|intravenous|intravenously|im|intramuscularly|inject|subcutaneous|subcutaneously|sc|subq) ')
            THEN 'injectable'
        WHEN regexp_matches(words, ' (vaginally|vaginal|pv) ') THEN 'vaginal'
        WHEN regexp_matches(words, ' (topically|apply) ') THEN 'topical'
    END AS route_group
FROM doses
