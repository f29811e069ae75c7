-- Whether a serum magnesium is known to be low: below 0.70 mmol/L (700 umol/L), 1.7 mg/dL (17 mg/L) or 1.4 mEq/L, compared in
-- the unit in which it was sent, so that no rounding of a conversion decides. A result sent as below a number is low when that
-- number is at most the limit; one sent as above a number may be anything above it, and is not known to be low.
CREATE OR REPLACE MACRO low_magnesium(own_value, own_unit, comparator) AS
    coalesce(comparator NOT IN ('>', '>='), TRUE)
    AND own_value - if(comparator = '<', 0.000001, 0) < CASE own_unit
        WHEN 'mmol/L' THEN 0.70
        WHEN 'umol/L' THEN 700
        WHEN 'mg/dL' THEN 1.7
        WHEN 'mg/L' THEN 17
        WHEN 'meq/L' THEN 1.4
    END;
