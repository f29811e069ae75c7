-- How often something is taken, in words: a moment of the day, or so many times (as text, `2-3`) in so many (`6-8`) hours, days
-- or weeks; without a period the times a day; else the words of the sender.
CREATE OR REPLACE MACRO worded_rhythm(moment, times, period, unit, times_per_day, sent) AS
    CASE
        WHEN times_per_day = 1 AND moment_words(moment) IS NOT NULL THEN moment_words(moment)
        WHEN unit = 'h' AND times = '1' THEN 'every ' || period || ' hours'
        WHEN unit = 'd' AND period = '1' THEN times || ' times a day'
        WHEN unit = 'd' AND times = '1' THEN 'every ' || period || ' days'
        WHEN unit = 'wk' AND period = '1' THEN times || ' times a week'
        WHEN period IS NULL AND times_per_day >= 1 THEN spoken_span(times_per_day, times_per_day) || ' times a day'
        ELSE sent
    END;
