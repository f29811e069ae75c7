-- A unit of a laboratory for comparing with the code list: lower case, without blanks of any kind, so that `mg / dL` is `MG/DL`.
CREATE OR REPLACE MACRO plain_unit(unit) AS
    translate(lower(unit), chr(9) || chr(32) || chr(160) || chr(8201) || chr(8239), '');
