-- What a dose unit measures, as {kind, size}: `mass` in mg, `volume` in ml, `amount` in mmol of magnesium, `count` in tablets,
-- capsules and the like (size 1). NULL when the unit says none of these; `unit` and `dose` say nothing.
CREATE OR REPLACE MACRO measure_of(unit) AS
    CASE
        WHEN regexp_full_match(trim(lower(unit)), '(mg|mgs|milligrams?)\.?') THEN {'kind': 'mass', 'size': 1.0::DOUBLE}
        WHEN regexp_full_match(trim(lower(unit)), '(g|gm|gms|grams?)\.?') THEN {'kind': 'mass', 'size': 1000.0::DOUBLE}
        WHEN regexp_full_match(trim(lower(unit)), '(mcg|ug|µg|μg|micrograms?)\.?') THEN {'kind': 'mass', 'size': 0.001::DOUBLE}
        WHEN regexp_full_match(trim(lower(unit)), '(ml|mls|cc|millilit(er|re)s?)\.?') THEN {'kind': 'volume', 'size': 1.0::DOUBLE}
        WHEN regexp_full_match(trim(lower(unit)), '(tsp|tsps|teaspoons?|teaspoonfuls?)\.?')
            THEN {'kind': 'volume', 'size': 5.0::DOUBLE}
        WHEN regexp_full_match(trim(lower(unit)), '(tbsp|tbsps|tablespoons?|tablespoonfuls?)\.?')
            THEN {'kind': 'volume', 'size': 15.0::DOUBLE}
        WHEN regexp_full_match(trim(lower(unit)), '(mmol|mmols|millimoles?)\.?') THEN {'kind': 'amount', 'size': 1.0::DOUBLE}
        WHEN regexp_full_match(trim(lower(unit)), '(meq|meqs|milliequivalents?)\.?') THEN {'kind': 'amount', 'size': 0.5::DOUBLE}
        WHEN regexp_full_match(
            trim(lower(unit)),
            '(\{?(tbl|tab|tabs|tablet|tablets|cap|caps|capsule|capsules|caplet|caplets|pill|pills|softgel|softgels|lozenge|'
            || 'lozenges|troche|packet|packets|pkt|sachet|sachets|suppository|suppositories|supp|patch|patches|ptch|gummy|'
            || 'gummies|chewable|chewables|each|ea|po|orally|by mouth)\}?(\(s\))?)\.?'
        ) THEN {'kind': 'count', 'size': 1.0::DOUBLE}
    END;
