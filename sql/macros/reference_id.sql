-- The id that a FHIR reference names: `Patient/1`, `https://host/fhir/Patient/1/_history/2`, `urn:uuid:1` and
-- `Patient?identifier=system|1` all name `1`; a contained resource keeps its mark (`#1`).
CREATE OR REPLACE MACRO reference_id(reference) AS
    nullif(regexp_extract(regexp_replace(reference, '/_history/.*$', ''), '[^/|:=]*$'), '');
