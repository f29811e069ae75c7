-- Estimated glomerular filtration rate, mL/min/1.73 m2, from serum creatinine in mg/dL, age in full years and sex
-- (female or male): the 2021 CKD-EPI creatinine equation (Inker et al., N Engl J Med 2021;385:1737). NULL for anybody
-- under 18, for another sex and for a creatinine that is not above zero: the equation holds for none of them.
CREATE OR REPLACE MACRO egfr_ckd_epi_2021(creatinine_mg_dl, age, sex) AS
    CASE
        WHEN age < 18 OR creatinine_mg_dl <= 0 THEN NULL
        WHEN sex = 'female'
            THEN 142 * 1.012
                * power(least(creatinine_mg_dl / 0.7, 1), -0.241)
                * power(greatest(creatinine_mg_dl / 0.7, 1), -1.2)
                * power(0.9938, age)
        WHEN sex = 'male'
            THEN 142
                * power(least(creatinine_mg_dl / 0.9, 1), -0.302)
                * power(greatest(creatinine_mg_dl / 0.9, 1), -1.2)
                * power(0.9938, age)
    END;
