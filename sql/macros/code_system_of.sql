-- Short name of a code system that FHIR names by its URI or OID: rxnorm, ndc, atc, snomed, loinc, icd10cm, icd9cm, icd10pcs,
-- icd9pcs, cpt or hcpcs; NULL for any other. ICD-9-CM has one URI for diagnoses and procedures, and is icd9cm here.
CREATE OR REPLACE MACRO code_system_of(uri) AS
    CASE lower(rtrim(regexp_replace(uri, '^https?://|^urn:oid:', ''), '/'))
        WHEN 'www.nlm.nih.gov/research/umls/rxnorm' THEN 'rxnorm'
        WHEN '2.16.840.1.113883.6.88' THEN 'rxnorm'
        WHEN 'hl7.org/fhir/sid/ndc' THEN 'ndc'
        WHEN '2.16.840.1.113883.6.69' THEN 'ndc'
        WHEN 'www.whocc.no/atc' THEN 'atc'
        WHEN '2.16.840.1.113883.6.73' THEN 'atc'
        WHEN 'snomed.info/sct' THEN 'snomed'
        WHEN '2.16.840.1.113883.6.96' THEN 'snomed'
        WHEN 'loinc.org' THEN 'loinc'
        WHEN '2.16.840.1.113883.6.1' THEN 'loinc'
        WHEN 'hl7.org/fhir/sid/icd-10-cm' THEN 'icd10cm'
        WHEN '2.16.840.1.113883.6.90' THEN 'icd10cm'
        WHEN 'hl7.org/fhir/sid/icd-9-cm' THEN 'icd9cm'
        WHEN 'terminology.hl7.org/codesystem/icd9cm' THEN 'icd9cm'
        WHEN '2.16.840.1.113883.6.103' THEN 'icd9cm'
        WHEN 'www.cms.gov/medicare/coding/icd10' THEN 'icd10pcs'
        WHEN 'hl7.org/fhir/sid/icd-10-pcs' THEN 'icd10pcs'
        WHEN '2.16.840.1.113883.6.4' THEN 'icd10pcs'
        WHEN 'hl7.org/fhir/sid/icd-9-cm/procedure' THEN 'icd9pcs'
        WHEN '2.16.840.1.113883.6.104' THEN 'icd9pcs'
        WHEN 'www.ama-assn.org/go/cpt' THEN 'cpt'
        WHEN '2.16.840.1.113883.6.12' THEN 'cpt'
        WHEN 'www.cms.gov/medicare/coding/hcpcsreleasecodesets' THEN 'hcpcs'
        WHEN 'terminology.hl7.org/codesystem/hcpcs' THEN 'hcpcs'
        WHEN '2.16.840.1.113883.6.285' THEN 'hcpcs'
        -- The dental codes are the D section of HCPCS.
        WHEN 'www.ada.org/cdt' THEN 'hcpcs'
        WHEN 'terminology.hl7.org/codesystem/cd2-ada-dental-codes' THEN 'hcpcs'
    END;
