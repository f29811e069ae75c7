-- A moment of the day, as FHIR codes it, in words; NULL for the others, such as before a meal that is not named.
CREATE OR REPLACE MACRO moment_words(moment) AS
    map {
        'MORN': 'in the morning', 'NOON': 'at noon', 'AFT': 'in the afternoon', 'EVE': 'in the evening', 'NIGHT': 'at night',
        'HS': 'at bedtime', 'CM': 'with breakfast', 'CD': 'with lunch', 'CV': 'with dinner'
    }[moment];
