-- Times a day that a timing code stands for (FHIR's own and the ones that hospitals add); NULL for any other.
CREATE OR REPLACE MACRO times_of_code(code) AS
    map {
        'QD': 1, 'DAILY': 1, 'AM': 1, 'QAM': 1, 'PM': 1, 'QPM': 1, 'HS': 1, 'QHS': 1, 'BED': 1, 'BID': 2, 'TID': 3,
        'QID': 4, 'Q1H': 24, 'Q2H': 12, 'Q3H': 8, 'Q4H': 6, 'Q6H': 4, 'Q8H': 3, 'Q12H': 2, 'QOD': 1 / 2, 'WK': 1 / 7,
        'MO': 1 / 30
    }[upper(code)];
