-- The id of the patient that a FHIR `subject` refers to; NULL for a subject that is somebody or something else (`Group/1`).
CREATE OR REPLACE MACRO subject_id(reference) AS
    if(
        regexp_matches(reference, '(^|/)(Group|Device|Location|Organization|Practitioner|RelatedPerson|Procedure|Substance)/'),
        NULL, reference_id(reference)
    );
