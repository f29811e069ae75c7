-- Whether an end lies before its start. An end without a time is the end of its day; where both carry an offset the moments
-- are compared, since local times run backwards in the night in which summer time ends.
CREATE OR REPLACE MACRO ends_before(end_words, ended_at, start_words, started_at) AS
    CASE
        WHEN strlen(end_words) = 10 THEN CAST(ended_at AS DATE) < CAST(started_at AS DATE)
        WHEN
            regexp_matches(end_words, '(Z|[+-]\d\d(:?\d\d)?)$') AND regexp_matches(start_words, ':.*(Z|[+-]\d\d(:?\d\d)?)$')
            THEN TRY_CAST(end_words AS TIMESTAMP WITH TIME ZONE) < TRY_CAST(start_words AS TIMESTAMP WITH TIME ZONE)
        ELSE ended_at < started_at
    END;
