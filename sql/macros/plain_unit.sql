-- A unit of a laboratory for comparing with the code list: lower case, without blanks of any kind, micro as `u`, the sign of
-- multiplication as `x` and raised figures as plain ones, so that `×10³ / µL` is `x103/ul`; brackets around the whole fall off.
CREATE OR REPLACE MACRO plain_unit(unit) AS
    regexp_replace(
        translate(lower(unit), 'µμ×²³⁴⁶⁹' || chr(9) || chr(32) || chr(160) || chr(8201) || chr(8239), 'uux23469'),
        '^[(\[]([^()\[\]]+)[)\]]$', '\1'
    );
