-- When and how the figures of a rule on the dashboard were published, as the run before left it; the columns are those of
-- mart.publication.
SELECT
    NULL::VARCHAR AS rule_id,
    NULL::VARCHAR AS policy,
    NULL::VARCHAR AS version,
    NULL::DATE AS figures_of,
    NULL::DATE AS horizon,
    NULL::BOOLEAN AS is_held,
    NULL::BOOLEAN AS is_covered,
    NULL::VARCHAR AS said
WHERE FALSE
