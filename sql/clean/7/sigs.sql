-- One distinct free-text sig, read: how much is taken at a time and how often. What is not understood is NULL, never guessed:
-- a word that nobody knows, a dose that changes on the way, two amounts or frequencies that do not go together.
-- sig: directions as sent
-- reading: how it was understood: one dose, several doses (that add up to a day), most a day, amount only, frequency only, no dose
--   (known words that say none), changes (more than one stage), or not understood
-- confidence: high (one amount with its unit, one word for how often), medium (put together or counted), low (the most of a range,
--   of a limit or of an as-needed order); NULL without an amount and a frequency
-- amount_kind: what `amount` and `amount_per_day` count: mass (mg), microgram (mcg), volume (ml), amount (mmol of magnesium) or
--   count (tablets, capsules)
-- amount: amount of one dose; the largest of a range or of several doses
-- times_low: doses a day, the least of a range
-- times_per_day: doses a day, the most of a range
-- amount_per_day: amount a day, the most of a range, and no more than the limit that the sig sets
-- is_range: whether the amount or the frequency is a range, or the most allowed (up to)
-- as_needed: whether the words say as needed
-- taper: whether the words say that the dose is to be tapered, or its stages fall to their end; a rise is no taper
-- mg_of_one: mg of one tablet, where the amount is said as tablets and as mg; the product may say another
-- route_group: route group that the words name; oral when tablets or capsules are taken, and not put anywhere else
WITH
sig_marks AS (SELECT * FROM clean.sig_marks),

sig_doses AS (SELECT * FROM clean.sig_doses),

limits AS (
    SELECT
        sig,
        words,
        marked,
        mg_of_one,
        regexp_extract(marked, ' cap-([a-z]*)=([0-9.]+) ', ['kind', 'most']) AS found,
        CASE found['kind']
            WHEN 'gram' THEN {'kind': 'mass', 'size': 1000.0}
            WHEN 'teaspoon' THEN {'kind': 'volume', 'size': 5.0}
            WHEN 'tablespoon' THEN {'kind': 'volume', 'size': 15.0}
            WHEN 'equivalent' THEN {'kind': 'amount', 'size': 0.5}
            ELSE {'kind': found['kind'], 'size': 1.0}
        END AS unit,
        unit['kind'] AS kind,
        CAST(nullif(found['most'], '') AS DOUBLE) * CAST(unit['size'] AS DOUBLE) AS most
    FROM sig_marks
),

stage_doses AS (
    SELECT
        sig,
        stage,
        bool_and(is_clear) AS is_clear,
        count(DISTINCT amount_kind) <= 1 AS one_kind,
        max(amount_kind) AS amount_kind,
        count(*) AS doses,
        count(amount_high) AS amounts,
        count(times_high) AS frequencies,
        bool_and(is_added) FILTER (WHERE dose > 0) AS others_are_added,
        max(amount_high) FILTER (WHERE NOT daily_total) AS amount,
        sum(times_low) FILTER (WHERE NOT daily_total) AS times_low,
        sum(times_high) FILTER (WHERE NOT daily_total) AS times_high,
        sum(amount_high * times_high) AS amount_per_day,
        bool_or(amount_low < amount_high OR times_low < times_high) AS is_range,
        bool_and(is_plain) AS is_plain,
        bool_or(lasts) AS lasts,
        bool_or(stops) AS stops
    FROM sig_doses
    GROUP BY ALL
),

-- A stage that names only a frequency keeps the amount of the one before it.
stages AS (
    SELECT
        *,
        doses = 1 OR (amounts = doses AND frequencies = doses AND others_are_added) AS adds_up,
        coalesce(
            amount_per_day, times_high * last_value(amount IGNORE NULLS) OVER (PARTITION BY sig ORDER BY stage)
        ) AS stage_amount
    FROM stage_doses
),

falls AS (
    SELECT
        *,
        lag(stage_amount) OVER (PARTITION BY sig ORDER BY stage) AS amount_before,
        lead(stage) OVER (PARTITION BY sig ORDER BY stage) IS NULL AS is_last
    FROM stages
    WHERE amounts + frequencies > 0
),

courses AS (
    SELECT
        sig,
        count(*) AS stages,
        bool_and(is_clear AND one_kind AND adds_up) AS is_clear,
        count(*) > 1
        AND bool_and(coalesce(stage_amount < amount_before, stage_amount IS NOT NULL AND amount_before IS NULL))
        AND (count(*) > 2 OR bool_or(is_last AND lasts)) AS falls_to_its_end
    FROM falls
    GROUP BY sig
),

whole AS (
    SELECT sig, bool_and(is_clear) AS is_clear, bool_or(stops) AS stops FROM stages GROUP BY sig
),

first_stages AS (
    SELECT * FROM falls WHERE amount_before IS NULL QUALIFY row_number() OVER (PARTITION BY sig ORDER BY stage) = 1
),

read AS (
    SELECT
        l.sig,
        l.words,
        l.marked,
        l.mg_of_one,
        l.kind AS limit_kind,
        l.most,
        s.* EXCLUDE (sig, is_clear),
        coalesce(c.stages, 0) AS stages,
        c.falls_to_its_end,
        w.stops AS course_stops,
        w.is_clear AND coalesce(c.is_clear, TRUE) AND coalesce(c.stages, 0) <= 1 AS is_clear,
        -- The limit in the amount's own unit; a limit in another one cannot be compared.
        CASE WHEN l.kind = '' OR l.kind = s.amount_kind OR s.amount_kind IS NULL THEN l.most END AS most_a_day,
        CASE WHEN l.kind = 'times' THEN l.most END AS most_times
    FROM limits AS l
    JOIN whole AS w USING (sig)
    LEFT JOIN courses AS c USING (sig)
    LEFT JOIN first_stages AS s USING (sig)
),

limited AS (
    SELECT
        *,
        least(times_high, most_times) AS most_frequent,
        CASE
            WHEN most_times IS NOT NULL
                THEN coalesce(least(amount_per_day, amount * most_times), amount * most_times)
            ELSE least(amount_per_day, most_a_day)
        END AS per_day
    FROM read
),

-- What may be told of the sig: nothing when it is unclear, or when a limit is in a unit of its own.
readings AS (
    SELECT
        *,
        CASE
            WHEN stages > 1 THEN 'changes'
            WHEN NOT is_clear OR (most IS NOT NULL AND coalesce(most_a_day, most_times) IS NULL) THEN 'not understood'
            WHEN most IS NOT NULL AND limit_kind = '' AND amount_kind IS NULL THEN 'not understood'
            WHEN amount_per_day IS NOT NULL THEN CASE WHEN doses > 1 THEN 'several doses' ELSE 'one dose' END
            WHEN per_day IS NOT NULL THEN 'most a day'
            WHEN most_a_day IS NOT NULL THEN 'most a day'
            WHEN amount IS NOT NULL THEN 'amount only'
            WHEN times_high IS NOT NULL THEN 'frequency only'
            ELSE 'no dose'
        END AS reading,
        reading NOT IN ('changes', 'not understood') AS is_read
    FROM limited
),

marks AS (
    SELECT
        *,
        is_read
        AND (
            coalesce(is_range, FALSE) OR contains(marked, ' upto= ') OR reading = 'most a day'
            OR coalesce(per_day < amount_per_day, FALSE)
        ) AS any_range,
        regexp_matches(marked, ' prn= ')
        OR regexp_matches(words, ' (prn|(as|if|when|where)  (needed|required|necessary)) ') AS any_as_needed,
        regexp_replace(
            words, ' (no|not|never|without|dont)  (need  to  |a  |need  a  )?(taper|tapering|wean|weaning)(  needed)? ', ' ', 'g'
        ) AS positive_words
    FROM readings
)

SELECT
    sig,
    reading,
    CASE
        WHEN NOT is_read OR coalesce(per_day, most_a_day) IS NULL THEN NULL
        WHEN any_range OR any_as_needed THEN 'low'
        WHEN doses = 1 AND is_plain THEN 'high'
        ELSE 'medium'
    END AS confidence,
    CASE WHEN is_read THEN coalesce(amount_kind, CASE WHEN most_a_day IS NOT NULL THEN limit_kind END) END AS amount_kind,
    CASE WHEN is_read THEN amount END AS amount,
    CASE WHEN is_read AND times_low IS NOT NULL THEN least(times_low, most_times) END AS times_low,
    CASE WHEN is_read THEN coalesce(most_frequent, most_times) END AS times_per_day,
    CASE WHEN is_read THEN coalesce(per_day, most_a_day) END AS amount_per_day,
    any_range AS is_range,
    any_as_needed AS as_needed,
    coalesce(falls_to_its_end, FALSE)
    OR regexp_matches(
        positive_words,
        ' (taper|tapers|tapered|tapering|wean|weans|weaned|weaning) | (decrease|reduce|lower|decreasing|reducing|lowering)  '
        || '(to|by|dose|the  dose|dosage|gradually|slowly) | (gradually|slowly)  (decrease|reduce|lower|stop|discontinue) '
    ) AS taper,
    mg_of_one,
    CASE
        WHEN regexp_matches(words, ' (by  mouth|po|oral|orally|per  os|swallow|chew) ') THEN 'oral'
        WHEN regexp_matches(words, ' (intrathecal|intrathecally) ') THEN 'intrathecal'
        WHEN regexp_matches(words, ' (iv|intravenous|intravenously|im|intramuscularly|inject|subcutaneous|subcutaneously|sc|subq) ')
            THEN 'injectable'
        WHEN regexp_matches(words, ' (vaginally|vaginal|pv) ') THEN 'vaginal'
        WHEN regexp_matches(words, ' (topically|apply) ') THEN 'topical'
        -- Put anywhere else, they are not swallowed.
        WHEN regexp_matches(
                words,
                ' (insert|inserted|place|placed|put|dissolve|dissolved|vagina|intravaginally|rectum|rectal|rectally|pr|anus|sl|'
                || 'sublingual|sublingually|tongue|buccal|buccally|cheek|gum|gums|inhale|inhaled|inhalation) '
            )
            THEN NULL
        WHEN regexp_matches(words, ' (tablets?|tabs?|capsules?|caps?|caplets?|pills?|softgels?) ') THEN 'oral'
    END AS route_group
FROM marks
