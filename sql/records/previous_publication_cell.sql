-- One count as the dashboard last showed or hid it, as the run before left it; the columns are those of mart.publication_cell.
SELECT
    NULL::VARCHAR AS rule_id,
    NULL::VARCHAR AS breakdown,
    NULL::VARCHAR AS cell,
    NULL::VARCHAR AS outcome,
    NULL::BIGINT AS units,
    NULL::BIGINT AS patients,
    NULL::VARCHAR AS status,
    NULL::BIGINT AS shown_units,
    NULL::BIGINT AS linked_units,
    NULL::BIGINT AS linked_patients,
    NULL::VARCHAR AS linked_status
WHERE FALSE
