-- One distinct free-text sig with every phrase that says how much, how often, how long or why put in place by a mark. What is left
-- without an equals sign is a word that joins the others (and, or, then, brackets, commas) or one that nobody understands.
-- Marks of amounts, of frequencies and of limits carry their number or range: mass=10, count=1-2, times=3, hours=6-8, cap-count=4.
-- sig: directions as sent
-- words: the words, see clean.direction_words
-- marked: the words with marks in place of phrases
-- mg_of_one: mg of one tablet, where an amount is said as tablets and as mg: `2 tablets (20 mg total)` are of 10 mg
WITH
sig_frequencies AS (SELECT * FROM codelists.sig_frequencies),

drug_names AS (SELECT * FROM codelists.drug_names),

directions AS (SELECT * FROM clean.direction_words),

-- What each known phrase is replaced by. Words that only lead to the amount or the frequency (take, by mouth) fall away.
known_phrases AS (
    SELECT
        words AS text,
        CASE means
            WHEN 'frequency'
                THEN ' times='
                    || CASE WHEN per_day_low = per_day_high THEN per_day_high ELSE per_day_low || '-' || per_day_high END
                    || ' '
            WHEN 'as needed' THEN ' prn= '
            WHEN 'one dose' THEN ' once= '
            WHEN 'filler' THEN ''
            WHEN 'remark' THEN ' remark= '
            WHEN 'meals and bedtime' THEN ' meals=  and  bedtime= '
            WHEN 'weekdays' THEN ' weekdays=5 '
            WHEN 'weekday' THEN ' weekday=' || regexp_extract(words, '([a-z]{2})[a-z]*$', 1) || ' '
            ELSE ' ' || means || '= '
        END AS meaning
    FROM sig_frequencies
    UNION ALL
    SELECT DISTINCT words AS text, '' AS meaning FROM drug_names WHERE words NOT IN (SELECT f.words FROM sig_frequencies AS f)
),

phrases AS (
    SELECT d.words AS phrase, min(p.meaning) AS meaning
    FROM known_phrases AS p
    JOIN directions AS d USING (text)
    GROUP BY d.words
),

sigs AS (
    SELECT text AS sig, words FROM directions WHERE is_sig
),

days_marked AS (
    SELECT
        sig,
        words,
        -- A leave to take it is an order.
        regexp_replace(words, '^ (?:may|can)  (?:take|use|have) |^ tk? ( [0-9])', ' \1').replace('   ', '  ') AS ordered,
        regexp_replace(
            ordered,
            ' (?:(?:x|for|times|over)  (?:(?:up  to|the  next|the  first|the|next|a  total  of|another|at  least)  )?'
            || '[0-9]+(?:-[0-9]+)?  (?:d|days?|nights?|mornings?|w|wks?|weeks?|months?|mos?|doses)|'
            || '(?:for|over)  (?:an?|another|the  first|the  next)  (?:day|week|month))(?:  supply)? ',
            ' lasts= ', 'g'
        ) AS lasting,
        -- day 1-3, on day 4, week 2: a stage of a course
        regexp_replace(
            lasting,
            '(?:^| (?:on|for|in|during|then|and|,)  (?:the  )?|^ )(?:days?|weeks?|wks?|months?)  [0-9]+(?:-[0-9]+)?(?:  ,)? ',
            ' then  lasts= ', 'g'
        ) AS staged,
        regexp_replace(
            staged,
            ' (?:[0-9]+  refills?|refills?(?:  ,)?  [0-9]+|no  refills?|(?:disp|dispense|qty|quantity)(?:  disp)?(?:  ,)?  [0-9]+'
            || '(?:  (?:tabs?|tablets?|caps?|capsules?|pills?|ml))?) ',
            ' remark= ', 'g'
        ) AS without_supply,
        regexp_replace(
            without_supply,
            ' (?:daily|qd|q  d|qday|q  day|(?:every|each)  (?:single  )?day|(?:per|/|a|in|in  a|in  1|in  any|within|within  a)  '
            || '(?:day|d|24  (?:h|hr|hrs|hours?)(?:  period)?)) ',
            ' daily= ', 'g'
        ) AS days,
        -- 3 x day
        regexp_replace(days, ' ([1-6])  (?:x  (?:day|d)|xs  daily=) ', ' \1  x  daily= ', 'g') AS marked
    FROM sigs
),

amounts_marked AS (
    SELECT
        sig,
        words,
        -- 5 mg / 5 ml is a strength, and so is the mass in "1 10 mg tablet" and "2 x 10 mg tablets".
        regexp_replace(marked, ' [0-9.]+  (?:mg|mcg|g)  (?:/|per)  (?:[0-9.]+  )?(?:ml|tablet|tab|capsule|cap) ', ' size= ', 'g')
            AS concentrations,
        regexp_replace(
            concentrations,
            ' ([0-9.-]+)  (?:x  )?[0-9.]+  mg  (?:oral  )?(?:tabs?|tablets?|tablet  s|caps?|capsules?|capsule  s|caplets?|pills?) ',
            ' count=\1  size= ', 'g'
        ) AS sizes,
        regexp_replace(
            sizes,
            ' ([0-9.-]+)  (?:(?:oral|whole|full|chewable|scored|coated)  )?'
            || '(?:tabs?|tbls?|tablets?|tablet  s|caps?|capsules?|capsule  s|caplets?|pills?|softgels?|packets?|sachets?|'
            || 'gumm(?:y|ies)|lozenges?|chewables?|t(?:  po)) ',
            ' count=\1 ', 'g'
        ) AS counts,
        regexp_replace(counts, ' count=([0-9.-]+)  of  [0-9.]+  mg ', ' count=\1  size= ', 'g') AS counts_of_size,
        regexp_replace(counts_of_size, ' ([0-9.-]+)  (?:mg|mgs|mgm|milligrams?) ', ' mass=\1 ', 'g') AS masses,
        regexp_replace(masses, ' ([0-9.-]+)  (?:g|gm|gms|grams?) ', ' gram=\1 ', 'g') AS grams,
        regexp_replace(grams, ' ([0-9.-]+)  (?:mcg|mcgs|ug|micrograms?) ', ' microgram=\1 ', 'g') AS micrograms,
        regexp_replace(micrograms, ' ([0-9.-]+)  (?:ml|mls|cc|millilit(?:er|re)s?) ', ' volume=\1 ', 'g') AS volumes,
        regexp_replace(volumes, ' ([0-9.-]+)  (?:tsps?|teaspoons?|teaspoonfuls?|teaspoonsful) ', ' teaspoon=\1 ', 'g') AS teaspoons,
        regexp_replace(
            teaspoons, ' ([0-9.-]+)  (?:tbsps?|tbs|tablespoons?|tablespoonfuls?|tablespoonsful) ', ' tablespoon=\1 ', 'g'
        ) AS tablespoons,
        regexp_replace(tablespoons, ' ([0-9.-]+)  (?:mmols?|millimoles?) ', ' amount=\1 ', 'g') AS amounts,
        regexp_replace(amounts, ' ([0-9.-]+)  (?:meqs?|milliequivalents?) ', ' equivalent=\1 ', 'g') AS equivalents,
        -- 5 mg to 10 mg
        regexp_replace(
            equivalents, ' (mass|count|volume)=([0-9.]+)  (?:to|-)  (mass|count|volume)=([0-9.]+) ', ' \1=\2-\4\1\3 ', 'g'
        ) AS unit_ranges,
        regexp_replace(unit_ranges, '(massmass|countcount|volumevolume) ', ' ', 'g') AS marked
    FROM days_marked
),

-- The most of a range on either side.
said_twice AS (
    SELECT
        sig,
        regexp_extract(
            marked,
            ' count=(?:[0-9.]+-)?([0-9.]+)(?:  \(|  ,)?  mass=(?:[0-9.]+-)?([0-9.]+)  (?:total|in  total) ', ['tablets', 'mg']
        ) AS totalled,
        regexp_extract(
            marked, ' mass=(?:[0-9.]+-)?([0-9.]+)  \(  count=(?:[0-9.]+-)?([0-9.]+)(?:  total)?  \) ', ['mg', 'tablets']
        ) AS counted,
        coalesce(
            TRY_CAST(totalled['mg'] AS DOUBLE) / TRY_CAST(totalled['tablets'] AS DOUBLE),
            TRY_CAST(counted['mg'] AS DOUBLE) / TRY_CAST(counted['tablets'] AS DOUBLE),
            TRY_CAST(regexp_extract(marked, ' count=1(?:\.0)?  \(  mass=([0-9.]+)  \) ', 1) AS DOUBLE)
        ) AS mg_of_one
    FROM amounts_marked
),

-- An amount said twice, as tablets and as mg: the mass when it is the total, else what stands outside the brackets.
said_once AS (
    SELECT
        sig,
        words,
        regexp_replace(
            marked,
            ' (?:count|volume)=[0-9.-]+(?:  \(|  ,)?  (mass=[0-9.-]+)  (?:total|in  total|total  dose)(?:  \)|  ,)? ',
            ' \1 ', 'g'
        ) AS totals,
        regexp_replace(
            totals, ' (?:count=1(?:\.0)?|volume=[0-9.-]+)  \(  (mass=[0-9.-]+)  \) ', ' \1 ', 'g'
        ) AS singles,
        regexp_replace(
            singles, ' (count=[0-9.-]+)  \(  mass=[0-9.]+(?:  (?:each|per  (?:tab|tablet|cap|capsule)))?  \) ', ' \1  size= ', 'g'
        ) AS counted,
        regexp_replace(
            counted,
            ' (mass=[0-9.-]+)  \(  (?:count|volume)=[0-9.-]+(?:  size=)?(?:  total)?  \) ', ' \1 ', 'g'
        ) AS weighed,
        regexp_replace(weighed, ' (volume=[0-9.-]+)  \(  size=  \) ', ' \1 ', 'g') AS measured,
        regexp_replace(measured, ' (?:tea|table)spoon=[0-9.-]+  \(  (volume=[0-9.-]+)  \) ', ' \1 ', 'g') AS marked
    FROM amounts_marked
),

frequencies_marked AS (
    SELECT
        sig,
        words,
        regexp_replace(marked, ' divided(?:  (?:in|into|in  to))?  ([0-9]+)(?:  equal)?  doses ', ' divided=\1 ', 'g') AS divided,
        regexp_replace(divided, ' in  ([0-9]+)  (?:equally  divided|equal|divided)  doses ', ' divided=\1 ', 'g') AS divided_in,
        regexp_replace(divided_in, ' (?:in  divided  doses|divided  doses|divided) ', ' divided= ', 'g') AS divided_anyhow,
        regexp_replace(divided_anyhow, ' up  to  ([2-9])  (?:times?|x|doses)  daily= ', ' times=1-\1 ', 'g') AS times_at_most,
        -- max 3/day; up to 60 mg a day
        regexp_replace(
            times_at_most,
            ' (?:(?:max|maximum)  (?:total  )?daily=(?:  (?:dose|amount))?(?:  of|  is|  ,)?|mdd) ', ' most-daily= ', 'g'
        ) AS daily_limits,
        regexp_replace(
            daily_limits,
            ' (?:(?:up  )?(?:to|with)  an?  )?(?:(?:max|maximum)(?:  (?:total|dose|amount|of|is))*'
            || '|nte|(?:do  )?not  (?:to  )?exceed(?:ing)?|(?:dont|do  not|never)  (?:exceed|take  more  than)'
            || '|(?:no|not)  (?:to  take  )?more  than)(?:  (?:a|of|total|maximum|max|,))* ',
            ' most= ', 'g'
        ) AS limits,
        regexp_replace(
            limits,
            ' most=  (?:(mass|gram|microgram|count|volume|teaspoon|tablespoon|amount|equivalent)=)?([0-9.]+)(?:  total)?  daily= ',
            ' cap-\1=\2 ', 'g'
        ) AS caps,
        regexp_replace(
            caps,
            ' most-daily=  (?:(mass|gram|microgram|count|volume|teaspoon|tablespoon|amount|equivalent)=)?([0-9.]+)(?:  daily=)? ',
            ' cap-\1=\2 ', 'g'
        ) AS daily_caps,
        regexp_replace(daily_caps, ' most=  ([0-9]+)  (?:doses?|times?|x)  daily= ', ' cap-times=\1 ', 'g') AS capped_times,
        regexp_replace(
            capped_times, ' up  to  (mass|gram|microgram|count|volume|teaspoon|tablespoon|amount|equivalent)=([0-9.]+)  daily= ',
            ' cap-\1=\2  upto= ', 'g'
        ) AS amounts_a_day,
        regexp_replace(amounts_a_day, ' ([0-9.-]+)  (?:times?|x|doses?)  daily= ', ' times=\1 ', 'g') AS times,
        regexp_replace(
            times, ' ([0-9.-]+)  (?:times?|x|doses?)  (?:(?:a|per|/|each|every)  (?:week|wk)|weekly) ', ' weekly=\1 ', 'g'
        ) AS weekly,
        regexp_replace(
            weekly, ' ([1-7])  days?  (?:(?:a|per|/|each|every)  (?:week|wk)|weekly) ', ' weekdays=\1 ', 'g'
        ) AS weekdays,
        regexp_replace(weekdays, ' (?:every|q|each)  ([0-9.-]+)  (?:hours?|hrs?|h|hourly) ', ' hours=\1 ', 'g') AS hours,
        regexp_replace(hours, ' ([0-9.-]+)  (?:hourly|hrly) ', ' hours=\1 ', 'g') AS hourly,
        regexp_replace(hourly, ' (?:every|q|each)  ([0-9-]+)  (?:days?|d) ', ' days=\1 ', 'g') AS days,
        regexp_replace(days, ' (?:every|q|each)  ([0-9-]+)  (?:weeks?|wks?|w) ', ' weeks=\1 ', 'g') AS weeks,
        regexp_replace(weeks, ' (?:every|q|each)  ([0-9-]+)  months? ', ' months=\1 ', 'g') AS months,
        -- 30 minutes before meals is before meals
        regexp_replace(
            months, ' (?:[0-9.-]+|an?)  (?:minutes?|mins?|hours?|hrs?|h)  (before|after|prior  to) ', ' \1 ', 'g'
        ) AS moments,
        -- At 8 am is a time; 8 am alone might be eight of something.
        regexp_replace(moments, ' (at|\()  ([0-9]+)  (am|pm) ', ' \1  clock=\2\3 ', 'g') AS clock,
        regexp_replace(clock, ' (clock=[0-9apm]+)  (,|and|,  and)  ([0-9]+)  (am|pm) ', ' \1  \2  clock=\3\4 ', 'g') AS clock_2,
        regexp_replace(clock_2, ' (clock=[0-9apm]+)  (,|and|,  and)  ([0-9]+)  (am|pm) ', ' \1  \2  clock=\3\4 ', 'g') AS clock_3,
        regexp_replace(
            regexp_replace(clock_3, ' at  clock=', ' clock=', 'g'), ' ([0-9.-]+)  (am|pm) ', ' ?  \1  \2 ', 'g'
        ) AS marked
    FROM said_once
),

tokens AS (
    SELECT DISTINCT sig, marked, unnest(string_split(trim(marked), '  ')) AS token FROM frequencies_marked
),

replacements AS (
    SELECT t.sig, list(p.phrase || '=>' || p.meaning ORDER BY length(p.phrase) DESC, p.phrase) AS pairs
    FROM tokens AS t
    JOIN phrases AS p ON t.token = split_part(trim(p.phrase), '  ', 1) AND contains(t.marked, p.phrase)
    GROUP BY t.sig
),

replaceable AS (
    SELECT
        f.sig,
        f.words,
        f.marked,
        coalesce(r.pairs, []) AS pairs
    FROM frequencies_marked AS f
    LEFT JOIN replacements AS r USING (sig)
),

phrases_marked AS (
    SELECT
        sig,
        words,
        list_reduce(
            pairs, lambda spelt, pair: replace(spelt, split_part(pair, '=>', 1), split_part(pair, '=>', 2)), marked
        ) AS marked
    FROM replaceable
),

links_marked AS (
    SELECT
        sig,
        words,
        regexp_replace(marked, ' (?:then|thereafter|afterwards?|followed  by|after  that|next) ', ' then ', 'g') AS followed,
        regexp_replace(
            followed, ' (?:then|until|and|,)  (?:stop|stopped|off|discontinued?|dc|d  /  c) ', ' then  stop= ', 'g'
        ) AS stopped,
        regexp_replace(stopped, ' (?:plus|as  well  as|also) ', ' and ', 'g') AS added,
        regexp_replace(added, ' up  to  ([a-z]+=[0-9.]+) ', ' upto=  \1 ', 'g') AS limited,
        regexp_replace(limited, ' (prn=|remark=)  (?:for|to) ', ' \1 ', 'g') AS reasoned,
        -- An alternative is understood between reasons only.
        regexp_replace(reasoned, ' remark=  or  remark= ', ' remark= ', 'g') AS chosen,
        -- One moment named twice.
        regexp_replace(chosen, ' (?:evening|bedtime)=  (?:evening|bedtime)= ', ' bedtime= ', 'g') AS marked
    FROM phrases_marked
)

-- A number without a unit right before a frequency counts what the other amounts count: 1 tid.
SELECT
    l.sig,
    l.words,
    regexp_replace(
        l.marked,
        ' ([0-9.-]+)  (prn|once|times|hours|days|weeks|months|weekly|daily|morning|noon|afternoon|evening|bedtime|meals)=',
        ' same=\1  \2=', 'g'
    ) AS marked,
    t.mg_of_one
FROM links_marked AS l
JOIN said_twice AS t USING (sig)
