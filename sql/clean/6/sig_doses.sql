-- One dose of one stage of a distinct free-text sig: an amount with the times at which it is taken, or either alone. A stage ends
-- where the sig says "then", or goes on with another amount after saying how long the last one is taken.
-- sig: directions as sent
-- stage: number of the stage, from 0
-- dose: number of the dose within the stage, from 0
-- amount_kind: what the amount counts: mass (mg), microgram (mcg), volume (ml), amount (mmol of magnesium) or count (tablets)
-- amount_low: least amount of one dose
-- amount_high: most of one dose
-- times_low: doses a day, the least of a range; NULL when none are said
-- times_high: doses a day, the most of a range
-- daily_total: whether the amount is that of a day, divided into nobody says how many doses
-- has_times: whether anything says when it is taken
-- is_added: whether it stands beside the dose before it: at a moment of the day of its own, or after an "and"
-- is_plain: whether the amount has its unit and one word says when it is taken
-- is_clear: whether every word is understood and the words agree
-- lasts: whether its stage says how long
-- stops: whether its stage ends the course
WITH
sig_marks AS (SELECT * FROM clean.sig_marks),

words_apart AS (
    SELECT
        sig,
        unnest(string_split(trim(marked), '  ')) AS word,
        unnest(range(len(string_split(trim(marked), '  ')))) AS place
    FROM sig_marks
),

named AS (
    SELECT
        sig,
        place,
        word,
        split_part(word, '=', 1) AS name,
        split_part(word, '=', 2) AS value,
        lag(word, 1, '') OVER (PARTITION BY sig ORDER BY place) AS word_before,
        regexp_full_match(value, '[0-9]*\.?[0-9]+(-[0-9]*\.?[0-9]+)?') AS is_number,
        TRY_CAST(split_part(value, '-', 1) AS DOUBLE) AS low,
        TRY_CAST(split_part(value, '-', -1) AS DOUBLE) AS high
    FROM words_apart
),

roles AS (
    SELECT
        *,
        CASE
            WHEN word IN ('and', ',', '(', ')', '') THEN 'link'
            WHEN word = 'then' THEN 'then'
            WHEN NOT contains(word, '=') THEN 'unknown'
            WHEN name IN ('lasts', 'stop', 'once', 'divided', 'weekday', 'daily', 'size') THEN name
            WHEN name IN ('prn', 'remark', 'upto') OR starts_with(name, 'cap-') THEN 'link'
            WHEN name IN ('morning', 'noon', 'afternoon', 'evening', 'bedtime', 'meals', 'clock') THEN 'moment'
            WHEN NOT is_number OR low > high OR high <= 0 OR high > 100000 THEN 'unknown'
            WHEN name = 'weekdays' THEN 'weekday'
            WHEN name IN ('times', 'hours', 'days', 'weeks', 'months', 'weekly') AND low > 0 THEN 'frequency'
            WHEN name IN ('mass', 'gram', 'microgram', 'volume', 'teaspoon', 'tablespoon') THEN 'amount'
            WHEN name IN ('count', 'amount', 'equivalent') THEN 'amount'
            -- After a reason or a length of time a bare number might be anything.
            WHEN name = 'same' AND NOT regexp_full_match(word_before, '(remark|prn|lasts|once|size)=.*|\)') THEN 'amount'
            ELSE 'unknown'
        END AS role,
        role IN ('frequency', 'daily', 'moment', 'weekday') AS says_when,
        CASE WHEN role IN ('amount', 'lasts', 'then') OR says_when THEN role END AS turn
    FROM named
),

staged AS (
    SELECT
        *,
        lag(turn IGNORE NULLS) OVER (PARTITION BY sig ORDER BY place) AS turn_before,
        role = 'then' OR coalesce(role = 'amount' AND turn_before = 'lasts', FALSE) AS starts_stage
    FROM roles
),

stages AS (
    SELECT
        *,
        CAST(sum(CAST(starts_stage AS INTEGER)) OVER (PARTITION BY sig ORDER BY place) AS INTEGER) AS stage,
        any_value(CASE WHEN role = 'amount' AND name != 'same' THEN name END) OVER (PARTITION BY sig) AS usual_name
    FROM staged
),

-- In a stage that begins with a time, each amount closes its dose (at bedtime 2 tablets); else it opens one.
counted AS (
    SELECT
        *,
        count(CASE WHEN role = 'amount' THEN place END) OVER (PARTITION BY sig, stage) AS amounts,
        count(CASE WHEN role = 'amount' THEN place END) OVER (PARTITION BY sig, stage ORDER BY place) AS amounts_so_far,
        min(CASE WHEN role = 'amount' THEN place END) OVER (PARTITION BY sig, stage) AS first_amount,
        max(CASE WHEN role = 'amount' THEN place END) OVER (PARTITION BY sig, stage) AS last_amount,
        min(CASE WHEN says_when THEN place END) OVER (PARTITION BY sig, stage) AS first_time,
        max(CASE WHEN says_when THEN place END) OVER (PARTITION BY sig, stage) AS last_time
    FROM stages
),

numbered AS (
    SELECT
        *,
        CASE
            WHEN amounts <= 1 THEN 0
            WHEN first_time < first_amount AND last_time < last_amount
                THEN least(amounts_so_far - CAST(role = 'amount' AS INTEGER), amounts - 1)
            ELSE greatest(amounts_so_far - 1, 0)
        END AS dose,
        -- A number without a unit counts what the others count, and a few tablets when there are no others.
        CASE
            WHEN role != 'amount' THEN NULL
            WHEN name != 'same' THEN name
            WHEN usual_name IS NOT NULL THEN usual_name
            WHEN high <= 4 THEN 'count'
            ELSE 'unknown'
        END AS unit_name
    FROM counted
),

measured AS (
    SELECT
        *,
        CASE unit_name
            WHEN 'gram' THEN 'mass'
            WHEN 'teaspoon' THEN 'volume'
            WHEN 'tablespoon' THEN 'volume'
            WHEN 'equivalent' THEN 'amount'
            ELSE unit_name
        END AS kind,
        CASE unit_name WHEN 'gram' THEN 1000 WHEN 'teaspoon' THEN 5 WHEN 'tablespoon' THEN 15 WHEN 'equivalent' THEN 0.5 ELSE 1 END
            AS factor,
        CASE
            WHEN role = 'frequency'
                THEN CASE name
                        WHEN 'times' THEN {'low': low, 'high': high}
                        WHEN 'hours' THEN {'low': 24 / high, 'high': 24 / low}
                        WHEN 'days' THEN {'low': 1 / high, 'high': 1 / low}
                        WHEN 'weeks' THEN {'low': 1 / 7 / high, 'high': 1 / 7 / low}
                        WHEN 'months' THEN {'low': 12 / 365.25 / high, 'high': 12 / 365.25 / low}
                        WHEN 'weekly' THEN {'low': low / 7, 'high': high / 7}
                    END
        END AS frequency
    FROM numbered
),

doses AS (
    SELECT
        sig,
        stage,
        dose,
        max(kind) AS amount_kind,
        max(low * factor) FILTER (WHERE role = 'amount') AS amount_low,
        max(high * factor) FILTER (WHERE role = 'amount') AS amount_high,
        bool_or(role = 'amount' AND name = 'same') AS is_bare,
        bool_or(role = 'amount' AND word_before = 'and') AS follows_and,
        list(DISTINCT {'low': round(frequency.low, 6), 'high': round(frequency.high, 6)}) FILTER (WHERE frequency IS NOT NULL)
            AS frequencies,
        bool_or(role = 'daily') AS daily,
        bool_or(role = 'once') AS once,
        bool_or(role = 'divided') AS divided,
        max(CASE WHEN role = 'divided' AND value != '' THEN low END) AS parts,
        bool_or(name = 'meals') AS at_meals,
        list_sort(coalesce(list(DISTINCT name || value) FILTER (WHERE role = 'moment'), [])) AS moments,
        count(DISTINCT name || value) FILTER (WHERE role = 'moment' AND word_before = 'and') AS moments_added,
        bool_or(word = 'and') AS has_and,
        coalesce(
            max(CASE WHEN name = 'weekdays' THEN low END),
            nullif(count(DISTINCT value) FILTER (WHERE name = 'weekday'), 0)
        ) AS weekdays,
        bool_or(role = 'unknown' OR kind = 'unknown') AS has_unknown,
        bool_or(role = 'size') AS has_size
    FROM measured
    GROUP BY ALL
),

stage_marks AS (
    SELECT sig, stage, bool_or(role = 'lasts') AS lasts, bool_or(role = 'stop') AS stops FROM measured GROUP BY ALL
),

moments_counted AS (
    SELECT
        *,
        len(moments) + CASE WHEN at_meals THEN 2 ELSE 0 END AS moments_per_day,
        coalesce(len(frequencies), 0) AS frequency_count,
        frequencies[1] AS frequency
    FROM doses
),

timed AS (
    SELECT
        *,
        CASE
            WHEN frequency_count > 1 THEN NULL
            WHEN array_to_string(moments, '+') = 'bedtime+evening' AND NOT has_and AND coalesce(frequency.high, 0) != 2 THEN NULL
            WHEN frequency_count = 0
                THEN CASE
                        WHEN moments_per_day > 0 THEN {'low': moments_per_day, 'high': moments_per_day}
                        WHEN daily OR weekdays IS NOT NULL THEN {'low': 1, 'high': 1}
                    END
            -- Once a week is not every day.
            WHEN daily AND frequency.high < 1 THEN NULL
            WHEN moments_per_day = 0 OR frequency.high = moments_per_day THEN frequency
            WHEN array_to_string(moments, '+') = 'meals' THEN frequency
            WHEN moments_per_day = 1 AND moments_added = 0 AND frequency.high <= 1 THEN frequency
            -- tid with meals and at bedtime; bid and at bedtime
            WHEN at_meals AND frequency.high = 3 AND moments_added > 0
                THEN {'low': frequency.low + moments_per_day - 3, 'high': frequency.high + moments_per_day - 3}
            WHEN moments_added = len(moments) AND NOT at_meals AND frequency.low = frequency.high AND frequency.high >= 2
                THEN {'low': frequency.low + moments_per_day, 'high': frequency.high + moments_per_day}
        END AS times_a_day,
        daily OR frequency_count > 0 OR moments_per_day > 0 OR weekdays IS NOT NULL AS has_times
    FROM moments_counted
),

-- Named days of the week; weekly on Sundays says it twice.
on_days AS (
    SELECT
        *,
        CASE
            WHEN weekdays IS NULL THEN times_a_day
            WHEN times_a_day.high >= 1
                THEN {'low': times_a_day.low * weekdays / 7, 'high': times_a_day.high * weekdays / 7}
            WHEN abs(times_a_day.high - weekdays / 7) < 0.001 THEN times_a_day
        END AS times
    FROM timed
)

SELECT
    d.sig,
    d.stage,
    d.dose,
    d.amount_kind,
    CASE WHEN d.divided THEN d.amount_low / coalesce(d.parts, d.times.high) ELSE d.amount_low END AS amount_low,
    CASE WHEN d.divided THEN d.amount_high / coalesce(d.parts, d.times.high) ELSE d.amount_high END AS amount_high,
    CASE WHEN d.divided THEN coalesce(d.parts, d.times.low) ELSE d.times.low END AS times_low,
    CASE WHEN d.divided THEN coalesce(d.parts, d.times.high) ELSE d.times.high END AS times_high,
    d.divided AND d.parts IS NULL AND coalesce(d.times.high, 1) <= 1 AS daily_total,
    d.has_times,
    d.follows_and OR (coalesce(len(d.moments), 0) > 0 AND d.frequency_count = 0) AS is_added,
    NOT d.is_bare AND NOT d.divided AND NOT d.has_size AND NOT d.once AND d.weekdays IS NULL AND NOT d.at_meals
    AND d.frequency_count + len(d.moments) + CAST(d.daily AS INTEGER) <= 1 AS is_plain,
    NOT d.has_unknown
    AND d.has_times = (d.times IS NOT NULL)
    AND NOT (d.once AND coalesce(d.times.high, 0) > 1)
    AND NOT (d.divided AND (d.amount_high IS NULL OR NOT d.has_times OR d.parts = 0)) AS is_clear,
    s.lasts,
    s.stops
FROM on_days AS d
JOIN stage_marks AS s USING (sig, stage)
