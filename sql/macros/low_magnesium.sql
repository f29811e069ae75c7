-- Whether a serum magnesium is low: below 0.70 mmol/L (700 umol/L), 1.7 mg/dL (17 mg/L) or 1.4 mEq/L, compared in the unit in
-- which it was sent, so that no rounding of a conversion decides.
CREATE OR REPLACE MACRO low_magnesium(own_value, own_unit) AS
    own_value < CASE own_unit
        WHEN 'mmol/L' THEN 0.70
        WHEN 'umol/L' THEN 700
        WHEN 'mg/dL' THEN 1.7
        WHEN 'mg/L' THEN 17
        WHEN 'meq/L' THEN 1.4
    END;
