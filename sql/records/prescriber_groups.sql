-- The group (clinic, ward, team) that a site puts a prescriber in, from the file that its site file names.
-- prescriber_id: the prescriber
-- prescriber_group: the group
SELECT
    NULL::VARCHAR AS prescriber_id,
    NULL::VARCHAR AS prescriber_group
WHERE FALSE
