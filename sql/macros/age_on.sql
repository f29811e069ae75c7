-- Full years of age on a day, by month and day: somebody born on 29 February turns a year older on 1 March of a common year.
CREATE OR REPLACE MACRO age_on(birth, on_day) AS
    CAST(year(on_day) - year(birth) AS INTEGER)
    - CAST(100 * month(on_day) + day(on_day) < 100 * month(birth) + day(birth) AS INTEGER);
