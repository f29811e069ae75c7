-- One patient, as the hospital has registered the person.
-- patient_id*: id of the patient, the same in every feed
-- birth_date*: date of birth; neither before 1850 nor after the extract
-- sex*: female, male, other or unknown
-- death_date: date of death, NULL while alive; not before the birth, and not after the extract by more than a day
-- facility_id: where the patient is registered
-- file: file of the extract
-- line: line of the file on which the row starts
-- deleted: whether the row asks for its record to be removed
-- faults: what is wrong with the row, as {column_name, value, reason}; NULL when nothing is
WITH
sent AS (
    SELECT
        clean_text(patient_id) AS patient_id,
        clean_text(birth_date) AS birth_date_text,
        clean_text(sex) AS sex_text,
        clean_text(death_date) AS death_date_text,
        clean_text(facility_id) AS facility_id,
        clean_text(deleted) AS deleted_text,
        file,
        line
    FROM source.patients
),

typed AS (
    SELECT
        *,
        as_date(birth_date_text, $zone) AS birth_date,
        lower(sex_text) AS sex,
        as_date(death_date_text, $zone) AS death_date,
        as_boolean(deleted_text) AS deleted
    FROM sent
)

SELECT
    patient_id,
    birth_date,
    sex,
    death_date,
    facility_id,
    file,
    line,
    deleted,
    faults_of(
        [
            fault('patient_id', patient_id, 'required value missing', patient_id IS NULL),
            fault('birth_date', birth_date_text, 'required value missing', birth_date_text IS NULL),
            fault('birth_date', birth_date_text, 'unparseable date', unread(birth_date_text, birth_date)),
            fault('birth_date', birth_date_text, 'birth before 1850', birth_date < DATE '1850-01-01'),
            fault('birth_date', birth_date_text, 'birth in the future', birth_date > $extracted_on),
            fault('sex', sex_text, 'required value missing', sex_text IS NULL),
            fault('sex', sex_text, 'unknown value', sex NOT IN ('female', 'male', 'other', 'unknown')),
            fault('death_date', death_date_text, 'unparseable date', unread(death_date_text, death_date)),
            fault('death_date', death_date_text, 'before birth', death_date < birth_date),
            fault('death_date', death_date_text, 'after the extract', death_date > $extracted_on + 1),
            fault('deleted', deleted_text, 'unknown value', unread(deleted_text, deleted))
        ],
        deleted,
        'patient_id'
    ) AS faults
FROM typed
