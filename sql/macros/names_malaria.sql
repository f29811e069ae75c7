-- Whether an indication text names malaria as the illness treated: not its prevention, not its history.
CREATE OR REPLACE MACRO names_malaria(words) AS
    regexp_matches(lower(words), '\b(?:malaria|plasmodium|falciparum)')
    AND NOT regexp_matches(lower(words), 'prophyla|prevent|travel|\b(?:history|hx|h/o|past|no|not|without|rule out|r/o)\b');
