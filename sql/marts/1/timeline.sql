-- One mark on the timeline of an open finding: the courses and doses of the drugs behind it, the results of the tests behind
-- it (all of the year before and after the index date, to be seen against the thresholds), and the recorded events behind it.
-- finding_id: the finding
-- lane: what the mark is of: a drug, `events`, or a test
-- kind: course, dose, result or event
-- from_day: first day
-- to_day: last day; the first again for a result or an event
-- value: the number of a result, or mg a day of a dose; NULL for the others and for an unknown dose
-- label: what the mark says
WITH findings AS (
    SELECT finding_id, patient_id, index_date FROM mart.worklist
),

evidence AS (
    SELECT e.finding_id, e.feed, e.source_id, e.date, e.says FROM audit.evidence AS e SEMI JOIN findings USING (finding_id)
),

members AS (
    SELECT feed, row_id AS source_id, exposure_id FROM facts.exposure_members
),

exposures AS (
    SELECT exposure_id, ingredient, start_date, end_date, first_drug_name FROM facts.exposures
),

dose_steps AS (
    SELECT exposure_id, start_date, end_date, daily_dose_mg FROM facts.dose_steps
),

labs AS (
    SELECT row_id, patient_id, analyte, collected_on, value, value_as_sent, unit_as_sent FROM facts.labs
),

renal_function AS (
    SELECT patient_id, day, egfr, shown FROM facts.renal_function
),

finding_courses AS (
    SELECT DISTINCT e.finding_id, x.exposure_id, x.ingredient, x.start_date, x.end_date, x.first_drug_name
    FROM evidence AS e
    JOIN members USING (feed, source_id)
    JOIN exposures AS x USING (exposure_id)
),

tests AS (
    -- A creatinine is behind a finding for the filtration that it tells.
    SELECT DISTINCT e.finding_id, if(l.analyte = 'creatinine', 'egfr', l.analyte) AS analyte
    FROM evidence AS e JOIN labs AS l ON e.feed = 'labs' AND e.source_id = l.row_id
),

finding_tests AS (
    SELECT f.finding_id, f.patient_id, f.index_date, t.analyte FROM findings AS f JOIN tests AS t USING (finding_id)
)

SELECT
    finding_id, ingredient AS lane, 'course' AS kind, start_date AS from_day, end_date AS to_day,
    CAST(NULL AS DOUBLE) AS value, coalesce(first_drug_name, ingredient) AS label
FROM finding_courses
UNION ALL
SELECT
    c.finding_id, c.ingredient, 'dose', d.start_date, d.end_date, d.daily_dose_mg,
    coalesce(spoken(d.daily_dose_mg) || ' mg', '?') AS label
FROM finding_courses AS c JOIN dose_steps AS d USING (exposure_id)
UNION ALL
SELECT f.finding_id, 'egfr', 'result', r.day AS from_day, r.day AS to_day, r.egfr, r.shown
FROM finding_tests AS f
JOIN renal_function AS r ON f.patient_id = r.patient_id AND r.day BETWEEN f.index_date - 365 AND f.index_date + 365
WHERE f.analyte = 'egfr'
UNION ALL
SELECT
    f.finding_id, f.analyte, 'result', l.collected_on AS from_day, l.collected_on AS to_day, l.value,
    concat_ws(' ', l.value_as_sent, l.unit_as_sent)
FROM finding_tests AS f
JOIN labs AS l
    ON
        f.patient_id = l.patient_id AND f.analyte = l.analyte
        AND l.collected_on BETWEEN f.index_date - 365 AND f.index_date + 365
WHERE f.analyte <> 'egfr'
UNION ALL
SELECT e.finding_id, 'events', 'event', e.date AS from_day, e.date AS to_day, NULL, e.says
FROM evidence AS e
WHERE e.feed NOT IN ('prescriptions', 'labs') AND e.date IS NOT NULL
    AND (e.feed, e.source_id) NOT IN (SELECT (m.feed, m.source_id) FROM members AS m)
