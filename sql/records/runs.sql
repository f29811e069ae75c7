-- The run that made this database.
-- run_id: start of the run in UTC
-- as_of: the date that was audited
-- started_at: start of the run in UTC
-- source: format of the extract
-- extract_name: name of the extract folder
-- code_version: version of the program
-- site_name: name of the site
-- disclosure: how small numbers are hidden in the dashboard: cms11, round5 or none
-- accept_gate: why the run was published although the gate was closed
-- daily_cap: how many patients the worklist's first page shows
SELECT
    NULL::VARCHAR AS run_id,
    NULL::DATE AS as_of,
    NULL::TIMESTAMP AS started_at,
    NULL::VARCHAR AS source,
    NULL::VARCHAR AS extract_name,
    NULL::VARCHAR AS code_version,
    NULL::VARCHAR AS site_name,
    NULL::VARCHAR AS disclosure,
    NULL::VARCHAR AS accept_gate,
    NULL::INTEGER AS daily_cap
WHERE FALSE
