-- One source row behind a finding of this run.
-- finding_id: the finding
-- feed: the feed that the row came in
-- source_id: the row's own id in its feed
-- date: the row's clinical date
-- says: what the row says
-- file: the file it came in
-- line: the physical line where it starts
WITH findings AS (
    SELECT finding_id, rule_id, unit_id FROM audit.findings
),

behind AS (
    SELECT DISTINCT f.finding_id, s.source.feed, s.source.row_id AS source_id
    FROM (SELECT rule_id, unit_id, unnest(sources) AS source FROM audit.results WHERE outcome = 'finding') AS s
    JOIN findings AS f USING (rule_id, unit_id)
),

spoken_rows AS (
    SELECT
        'prescriptions' AS feed, prescription_id AS source_id, start_date AS date,
        concat_ws(
            '; ', drug_name, strength, sig,
            CASE WHEN daily_dose_mg IS NOT NULL THEN spoken(daily_dose_mg) || ' mg/day' END,
            CASE WHEN days_supply IS NOT NULL THEN spoken(days_supply) || ' days supply' END,
            CASE WHEN end_date IS NOT NULL THEN 'to ' || end_date::VARCHAR END, status, indication_text, indication_code
        ) AS says, file, line
    FROM extracts.prescriptions SEMI JOIN (SELECT source_id FROM behind WHERE feed = 'prescriptions') AS b
        ON prescription_id = b.source_id
    UNION ALL
    SELECT
        'labs', lab_id, collected_at::DATE,
        concat_ws(' ', coalesce(test_name, test_code), value, unit, '(' || status || ')'), file, line
    FROM extracts.labs SEMI JOIN (SELECT source_id FROM behind WHERE feed = 'labs') AS b ON lab_id = b.source_id
    UNION ALL
    SELECT 'diagnoses', diagnosis_id, recorded_date, concat_ws(' ', code, name), file, line
    FROM extracts.diagnoses SEMI JOIN (SELECT source_id FROM behind WHERE feed = 'diagnoses') AS b
        ON diagnosis_id = b.source_id
    UNION ALL
    SELECT 'procedures', procedure_id, performed_at::DATE, concat_ws(' ', code, name), file, line
    FROM extracts.procedures SEMI JOIN (SELECT source_id FROM behind WHERE feed = 'procedures') AS b
        ON procedure_id = b.source_id
    UNION ALL
    SELECT
        'administrations', administration_id, administered_at::DATE,
        concat_ws(' ', drug_name, spoken(dose_quantity), dose_unit, route), file, line
    FROM extracts.administrations SEMI JOIN (SELECT source_id FROM behind WHERE feed = 'administrations') AS b
        ON administration_id = b.source_id
    UNION ALL
    SELECT 'dialysis_sessions', session_id, started_at::DATE, concat_ws(' ', 'dialysis session', modality), file, line
    FROM extracts.dialysis_sessions SEMI JOIN (SELECT source_id FROM behind WHERE feed = 'dialysis_sessions') AS b
        ON session_id = b.source_id
    UNION ALL
    SELECT
        'encounters', encounter_id, started_at::DATE,
        concat_ws(' ', class, 'encounter', 'to ' || ended_at::DATE::VARCHAR), file, line
    FROM extracts.encounters SEMI JOIN (SELECT source_id FROM behind WHERE feed = 'encounters') AS b
        ON encounter_id = b.source_id
)

SELECT b.finding_id, b.feed, b.source_id, s.date, s.says, s.file, s.line
FROM behind AS b JOIN spoken_rows AS s USING (feed, source_id)
