-- Whether a free text (an indication or a sig) names leg, calf, nocturnal or muscle cramps. Struck out first: cramps of
-- the belly or the womb, denials (`no leg cramps`), and warnings (`call if muscle cramps occur`, `may cause leg cramps`).
-- Cramps that nobody places (`for cramps`) do not count.
CREATE OR REPLACE MACRO names_leg_cramp(words) AS regexp_matches(
    regexp_replace(
        lower(words),
        '\b(?:menstrual|menses|period|uterine|pelvic|abdominal|abdomen|stomach|belly|tummy|gastric|gi|intestinal|bowel|colon|bladder|biliary|hand|finger)(?:\s+muscle)?[\s-]+cramp\w*'
        || '|\b(?:no|not|non|without|denie[sd]|negative for|never|absence of|free of|rule out|ruled out|r/o)[\s,/-]+(?:(?:for|had|any|further|more|current|recent|new|known|history|hx|of|significant|legs?|calf|calves|foot|feet|muscle|muscular|nocturnal|night|nighttime|pains?|spasms?|cramp\w*|or|and|the|in)[\s,/-]+)*cramp\w*'
        || '|cramp\w*(?:\s*[:=]\s*(?:no|none|denied|absent|negative|n)\b|\s+(?:denied|absent|ruled out)\b)'
        || '|\b(?:call|contact|notify|tell|inform|report|seek|watch for|monitor for|discontinue|(?:stop|hold|avoid)(?:\s+\w+){0,3}\s+(?:if|when|and|for))\b[^.;]*cramp\w*'
        || '|\b(?:(?:may|can|might|could)\s+(?:cause|lead to|result in)|(?:side|adverse)\s+effects?)\b[^.;]*cramp\w*'
        || '|\b(?:at|every|each|per)\s+night\W+cramp\w*',
        ' ; ', 'g'
    ),
    '\b(?:legs?|calf|calves|muscles?|muscular|nocturnal|night|nighttime|night[\s-]time|limb|lower extremit(?:y|ies)|foot|feet|thighs?|hamstrings?)(?:[\s,/&-]+(?:legs?|calf|calves|foot|feet|muscles?|nocturnal|night|and|or|pains?|aches?|spasms?|twitching))*[\s,/&-]+cramp'
    || '|\bcramp\w*\s+(?:in|of|to|at|on|during)\s+(?:(?:the|his|her|my|both|bilateral|left|right|lower|l|r)\s+)*(?:legs?|calf|calves|muscles?|night|limbs?|extremit|foot|feet|thighs?|hamstrings?)'
    || '|\bcramp\w*[\s,:(/-]+(?:lower\s+)?(?:legs?|calf|calves|nocturnal|muscular|muscles?|limbs?)\b'
);
