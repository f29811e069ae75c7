-- Whether an indication text names babesiosis as the illness treated: not its prevention, not its history.
CREATE OR REPLACE MACRO names_babesiosis(words) AS
    regexp_matches(lower(words), '\bbabesi')
    AND NOT regexp_matches(lower(words), 'prophyla|prevent|\b(?:history|hx|h/o|past|no|not|without|rule out|r/o)\b');
