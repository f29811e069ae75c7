-- A pointer to a row of a feed, as rules and findings name their evidence.
CREATE OR REPLACE MACRO source_row(feed, row_id) AS {'feed': CAST(feed AS VARCHAR), 'row_id': CAST(row_id AS VARCHAR)};
