-- One row per patient, with the span of days on which any feed has something about the patient.
-- patient_id: patient's id in the extract
-- birth_date: date of birth
-- sex: female, male, other or unknown
-- death_date: date of death, NULL while alive
-- facility_id: where the patient is registered
-- first_seen: earliest date of any row about the patient in any feed, up to the date of the audit; NULL without rows
-- last_seen: latest such date
WITH
patients AS (SELECT * FROM extracts.patients),

prescriptions AS (
    SELECT * FROM extracts.prescriptions
    WHERE start_date <= $as_of
),

labs AS (
    SELECT * FROM extracts.labs
    WHERE cast(collected_at AS DATE) <= $as_of
),

diagnoses AS (
    SELECT * FROM extracts.diagnoses
    WHERE recorded_date <= $as_of
),

procedures AS (
    SELECT * FROM extracts.procedures
    WHERE cast(performed_at AS DATE) <= $as_of
),

administrations AS (
    SELECT * FROM extracts.administrations
    WHERE cast(administered_at AS DATE) <= $as_of
),

dialysis_sessions AS (
    SELECT * FROM extracts.dialysis_sessions
    WHERE cast(started_at AS DATE) <= $as_of
),

encounters AS (
    SELECT * FROM extracts.encounters
    WHERE cast(started_at AS DATE) <= $as_of
),

spans_by_feed AS (
    SELECT
        patient_id,
        min(start_date) AS first_seen,
        max(start_date) AS last_seen
    FROM prescriptions
    GROUP BY patient_id
    UNION ALL
    SELECT
        patient_id,
        cast(min(collected_at) AS DATE) AS first_seen,
        cast(max(collected_at) AS DATE) AS last_seen
    FROM labs
    GROUP BY patient_id
    UNION ALL
    SELECT
        patient_id,
        min(recorded_date) AS first_seen,
        max(recorded_date) AS last_seen
    FROM diagnoses
    GROUP BY patient_id
    UNION ALL
    SELECT
        patient_id,
        cast(min(performed_at) AS DATE) AS first_seen,
        cast(max(performed_at) AS DATE) AS last_seen
    FROM procedures
    GROUP BY patient_id
    UNION ALL
    SELECT
        patient_id,
        cast(min(administered_at) AS DATE) AS first_seen,
        cast(max(administered_at) AS DATE) AS last_seen
    FROM administrations
    GROUP BY patient_id
    UNION ALL
    SELECT
        patient_id,
        cast(min(started_at) AS DATE) AS first_seen,
        cast(max(started_at) AS DATE) AS last_seen
    FROM dialysis_sessions
    GROUP BY patient_id
    UNION ALL
    SELECT
        patient_id,
        cast(min(started_at) AS DATE) AS first_seen,
        cast(max(started_at) AS DATE) AS last_seen
    FROM encounters
    GROUP BY patient_id
),

spans AS (
    SELECT
        patient_id,
        min(first_seen) AS first_seen,
        max(last_seen) AS last_seen
    FROM spans_by_feed
    GROUP BY patient_id
)

SELECT
    patient_id,
    p.birth_date,
    p.sex,
    p.death_date,
    p.facility_id,
    s.first_seen,
    s.last_seen
FROM patients AS p
LEFT JOIN spans AS s USING (patient_id)
