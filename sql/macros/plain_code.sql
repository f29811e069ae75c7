-- A clinical code for comparing: upper case, without dots and blanks, so that `n18.32` and `N1832` are one code.
CREATE OR REPLACE MACRO plain_code(code) AS upper(replace(replace(code, '.', ''), ' ', ''));
