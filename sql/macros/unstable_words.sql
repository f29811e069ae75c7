-- What is said of an eGFR on a day whose creatinine had risen by the ratio within the days; nothing where it had not.
CREATE OR REPLACE MACRO unstable_words(unstable, ratio, days) AS
    if(unstable, concat(', unstable: creatinine rose to ', spoken(ratio), ' times or more within ', days, ' days'), '');
