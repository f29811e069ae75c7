-- A value as a person would write it in a sentence: no digits that mean nothing, nothing for what is not known.
CREATE OR REPLACE MACRO spoken(x) AS coalesce(regexp_replace(CAST(x AS VARCHAR), '^(-?\d+)\.0+$', '\1'), '')
