-- MIMIC-III v1.4, and MIMIC-IV (folder hosp): one order of the ward or the pharmacy.
-- MIMIC-IV gives no id to a row: its made-up one is a digest of its order, drug, kind, start and dose, which is the same
-- wherever the row stands. NDC `0` means none. The dose is text: a number, with thousands set off by commas, is one dose; a
-- range (`325-650`) and anything else is kept as directions, which say a dose and no frequency. MIMIC-III has no frequency at
-- all, so that no daily dose follows; MIMIC-IV has the doses in 24 hours. form_val_disp counts the units of one dose, and is
-- no quantity supplied.
-- needs: prescriptions.subject_id, prescriptions.drug
WITH
orders AS (
    SELECT
        p.row_id,
        p.subject_id,
        p.pharmacy_id,
        p.drug_type,
        clean_text(p.drug) AS drug,
        nullif(clean_text(p.ndc), '0') AS ndc,
        p.route,
        coalesce(clean_text(p.startdate), clean_text(p.starttime)) AS start_date,
        coalesce(clean_text(p.enddate), clean_text(p.stoptime)) AS end_date,
        clean_text(p.dose_val_rx) AS dose,
        clean_text(p.dose_unit_rx) AS dose_unit,
        p.prod_strength,
        p.doses_per_24_hrs,
        p.file,
        p.line
    FROM raw.prescriptions AS p
),

doses AS (
    SELECT
        o.*,
        if(regexp_full_match(o.dose, '\d{1,3}(,\d{3})+(\.\d+)?'), replace(o.dose, ',', ''), o.dose) AS plain_dose
    FROM orders AS o
)

SELECT
    coalesce(
        d.row_id,
        md5(
            concat_ws(
                '|', d.subject_id, coalesce(d.pharmacy_id, ''), coalesce(d.drug_type, ''), coalesce(d.drug, ''),
                coalesce(d.ndc, ''), coalesce(d.start_date, ''), coalesce(d.dose, '')
            )
        )
    ) AS prescription_id,
    d.subject_id AS patient_id,
    d.ndc AS drug_code,
    if(d.ndc IS NULL, NULL, 'ndc') AS drug_code_system,
    d.drug AS drug_name,
    d.route,
    d.start_date,
    d.end_date,
    'unknown' AS status,
    if(as_number(d.plain_dose) IS NULL, NULL, d.plain_dose) AS dose_quantity,
    d.dose_unit,
    d.doses_per_24_hrs AS frequency_per_day,
    if(as_number(d.plain_dose) IS NULL, d.dose || coalesce(' ' || d.dose_unit, ''), NULL) AS sig,
    d.prod_strength AS strength,
    d.file,
    d.line
FROM doses AS d
