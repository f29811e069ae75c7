-- Whether some of the strengths, each {mg, per_ml}, are more than a quarter apart: 10 and 20 mg, not 200 mg of a base and 220 mg of
-- its salt. Tablets are compared with tablets, liquids by what is in a ml.
CREATE OR REPLACE MACRO strengths_differ(strengths) AS
    coalesce(
        list_max([s.mg FOR s IN strengths IF s.per_ml IS NULL]) > 1.25 * list_min([s.mg FOR s IN strengths IF s.per_ml IS NULL]),
        FALSE
    )
    OR coalesce(list_max([s.mg / s.per_ml FOR s IN strengths]) > 1.25 * list_min([s.mg / s.per_ml FOR s IN strengths]), FALSE);
