-- A strength as FHIR gives it (numerator, denominator, dose form) in words: 10 mg tablet, 5 mg/5 mL solution. What a strength is
-- in counts only when it is a volume.
CREATE OR REPLACE MACRO worded_strength(mass, volume, form) AS
    nullif(
        concat_ws(
            ' ',
            mass.value || ' ' || coalesce(mass.unit, mass.code) || if(
                lower(coalesce(volume.unit, volume.code)) IN ('ml', 'milliliter', 'millilitre'), '/' || volume.value || ' mL', ''
            ),
            form
        ),
        ''
    );
