-- The different strengths that a text names, each as {mg, per_ml}: mg of a tablet or capsule (per_ml NULL), or mg in so many ml.
-- A number tied to another one (5-325 mg, 5/325 mg) names none, since it is unclear which drug it belongs to; brackets after a
-- strength are passed over, as in "magnesium oxide 400 mg (241.3 mg elemental)".
CREATE OR REPLACE MACRO strengths_in(txt) AS
    list_distinct(list_transform(
        regexp_extract_all(
            regexp_replace(
                regexp_replace(lower(txt), '(\d),(\d{3})', '\1\2', 'g'), '(\d ?(?:mg|mcg|g|gm)\b[^(]*)\([^)]*\)', '\1 ', 'g'
            ),
            '(?:^|[^0-9a-z.,/-]|[a-z]-)(\d*\.?\d+ ?(?:mg|mcg|ug|µg|μg|g|gm|grams?|milligrams?|micrograms?)\b'
            || '(?: ?(?:/|per) ?\d*\.?\d* ?(?:ml|millilit(?:er|re)s?)\b)?)',
            1
        ),
        lambda found: {
            'mg': CAST(regexp_extract(found, '^\d*\.?\d+') AS DOUBLE)
            * CASE
                WHEN regexp_matches(found, '^[0-9.]+ ?(mcg|ug|µg|μg|microg)') THEN 0.001
                WHEN regexp_matches(found, '^[0-9.]+ ?g') THEN 1000
                ELSE 1
            END,
            'per_ml': CASE
                WHEN regexp_matches(found, '(/|per) ?\d*\.?\d* ?m')
                    THEN coalesce(TRY_CAST(nullif(regexp_extract(found, '(/|per) ?(\d*\.?\d*)', 2), '') AS DOUBLE), 1)
            END
        }
    ));
