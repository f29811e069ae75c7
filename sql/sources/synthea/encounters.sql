-- Synthea's CSV export: one encounter.
-- Wellness, ambulatory, urgent care and home visits are outpatient; a hospice or nursing home stay is no hospital
-- stay, and outpatient too. A class that is not known is handed on as it stands, and so ends in quarantine.
-- needs: encounters.id, encounters.start, encounters.patient, encounters.encounterclass
SELECT
    e.id AS encounter_id,
    e.patient AS patient_id,
    CASE
        WHEN lower(clean_text(e.encounterclass)) IN ('ambulatory', 'wellness', 'urgentcare', 'home', 'hospice', 'snf')
            THEN 'outpatient'
        ELSE e.encounterclass
    END AS class,
    e.start AS started_at,
    e.stop AS ended_at,
    e.organization AS facility_id,
    e.file,
    e.line
FROM raw.encounters AS e
