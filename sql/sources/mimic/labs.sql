-- MIMIC-III v1.4, and MIMIC-IV (folder hosp): one laboratory result.
-- Some public copies of MIMIC-III lack the patient and the id: the patient is then that of the admission, and a result outside
-- an admission belongs to nobody; the id is a digest of admission, test, time and value, the same wherever the
-- row stands. The test goes by its LOINC code where D_LABITEMS has one, else by the item's number and label, with the fluid behind
-- it unless that is blood. Of MIMIC-IV's `___`, which hides a text, the comment is what was reported.
-- needs: labevents.itemid, labevents.charttime, labevents.value
-- needs: d_labitems.itemid, d_labitems.label
-- needs: admissions.hadm_id, admissions.subject_id
WITH
admissions AS (
    -- These two are grouped, so that a row that is listed twice doubles no result.
    SELECT
        a.hadm_id,
        min(a.subject_id) AS subject_id
    FROM raw.admissions AS a
    GROUP BY a.hadm_id
),

items AS (
    SELECT
        d.itemid,
        min(clean_text(d.label)) AS label,
        min(lower(clean_text(d.fluid))) AS fluid,
        min(clean_text(d.loinc_code)) AS loinc_code
    FROM raw.d_labitems AS d
    GROUP BY d.itemid
),

results AS (
    SELECT
        coalesce(clean_text(l.labevent_id), clean_text(l.row_id)) AS lab_id,
        l.subject_id,
        l.hadm_id,
        l.itemid,
        l.charttime,
        coalesce(nullif(clean_text(l.value), '___'), clean_text(l.comments), clean_text(l.valuenum), 'no result') AS value,
        l.valueuom,
        l.ref_range_lower,
        l.ref_range_upper,
        l.file,
        l.line
    FROM raw.labevents AS l
)

SELECT
    coalesce(
        r.lab_id,
        md5(concat_ws('|', coalesce(r.hadm_id, ''), coalesce(r.itemid, ''), coalesce(r.charttime, ''), r.value))
    ) AS lab_id,
    coalesce(r.subject_id, a.subject_id) AS patient_id,
    r.charttime AS collected_at,
    coalesce(i.loinc_code, r.itemid) AS test_code,
    if(i.loinc_code IS NULL, 'local', 'loinc') AS test_code_system,
    i.label || if(i.fluid IS NULL OR i.fluid = 'blood' OR contains(lower(i.label), i.fluid), '', ', ' || i.fluid) AS test_name,
    r.value,
    r.valueuom AS unit,
    r.ref_range_lower AS reference_low,
    r.ref_range_upper AS reference_high,
    r.file,
    r.line
FROM results AS r
LEFT JOIN admissions AS a ON r.hadm_id = a.hadm_id
LEFT JOIN items AS i ON r.itemid = i.itemid
