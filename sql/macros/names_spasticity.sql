-- Whether an indication text names spasticity. Muscle spasm is not spasticity, nor are a spastic colon and a spastic
-- bladder, nor a denial.
CREATE OR REPLACE MACRO names_spasticity(words) AS regexp_matches(
    regexp_replace(
        lower(words),
        '\bspastic\W+(?:colon|colitis|bowel|bladder|o?esophagus|dysphonia|constipation|stomach)\w*'
        || '|\b(?:no|not|non|without|denie[sd]|negative for|rule out|r/o)[\s,/-]+(?:(?:for|any|muscle|current|known|history|of|or|and|spasms?|cramps?)[\s,/-]+)*spastic\w*',
        ' ; ', 'g'
    ),
    '\bspastic(?:ity)?\b'
);
