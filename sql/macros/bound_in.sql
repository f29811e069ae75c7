-- The limit that a result is, as text {sign, number}: `>60`, `<= 0.2`, `≥ 90`, `LESS THAN 0.4`. Both are empty when it is none.
CREATE OR REPLACE MACRO bound_in(words) AS
    regexp_extract(
        regexp_replace(
            regexp_replace(lower(words), '^(≤|less than or equal to)', '<='),
            '^(≥|greater than or equal to)',
            '>='
        ).regexp_replace('^less than', '<').regexp_replace('^greater than', '>'),
        '^([<>]=?)\s*([0-9.].*)$',
        ['sign', 'number']
    );
