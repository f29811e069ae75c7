-- One row per patient.
-- patient_id: patient's id in the extract
-- birth_date: date of birth
-- sex: female, male, other or unknown
-- death_date: date of death, NULL while alive on the date of the audit
-- facility_id: where the patient is registered
-- first_seen: earliest date of any row about the patient in any feed, up to the date of the audit; NULL without rows
-- last_seen: latest such date
-- hospice_from: date of the first hospice or palliative-care record (diagnosis or procedure), NULL when there is none
WITH
people AS (SELECT * FROM clean.people),

conditions AS (
    SELECT * FROM clean.conditions
    WHERE condition = 'palliative_hospice' AND day <= $as_of
),

procedures AS (
    SELECT * FROM clean.procedures
    WHERE procedure = 'palliative_hospice' AND day <= $as_of
),

hospice_records AS (
    SELECT
        patient_id,
        day
    FROM conditions
    UNION ALL
    SELECT
        patient_id,
        day
    FROM procedures
),

hospice_starts AS (
    SELECT
        patient_id,
        min(day) AS hospice_from
    FROM hospice_records
    GROUP BY patient_id
)

SELECT
    p.patient_id,
    p.birth_date,
    p.sex,
    if(p.death_date <= $as_of, p.death_date, NULL) AS death_date,
    p.facility_id,
    p.first_seen,
    p.last_seen,
    h.hospice_from
FROM people AS p
LEFT JOIN hospice_starts AS h USING (patient_id)
