-- One open finding on a page of its rule. A page takes findings, most pressing first, until they weigh 1.85 megabytes, so that it
-- can be mailed and opened on a ward's computer; what follows is on the next page. Nothing is left off.
-- finding_id: the finding
-- rule_id: the rule
-- part: which of the rule's pages, 1 for the first
-- page: name of the page, without an ending
-- weight: bytes that the finding takes on the page, about: its sentence, its source rows and its timeline
WITH findings AS (
    SELECT finding_id, rule_id, rank, concat(message, reason, patient_id, facility_id, prescriber_id) AS texts FROM mart.worklist
),

-- What is added to the texts are tags, days and numbers. A character with a meaning in HTML takes five.
evidence AS (
    SELECT finding_id, sum(80 + strlen(regexp_replace(concat(feed, says, file), '[<>&"'']', '&amp;', 'g'))) AS bytes
    FROM audit.evidence SEMI JOIN findings USING (finding_id)
    GROUP BY finding_id
),

marks AS (
    SELECT
        finding_id,
        -- Events of one day are one mark.
        80 * (count(*) FILTER (kind = 'event') - count(DISTINCT from_day) FILTER (kind = 'event')) AS spared,
        sum(if(kind IN ('course', 'dose'), 98, 82) + strlen(regexp_replace(label, '[<>&"'']', '&amp;', 'g'))) AS bytes,
        count(DISTINCT lane) AS lanes, count(DISTINCT lane) FILTER (kind = 'result') AS tests,
        count(DISTINCT lane) FILTER (kind = 'dose') AS doses
    FROM mart.timeline SEMI JOIN findings USING (finding_id)
    GROUP BY finding_id
),

weighed AS (
    SELECT
        f.finding_id, f.rule_id, f.rank,
        CAST(
            480 + strlen(regexp_replace(f.texts, '[<>&"'']', '&amp;', 'g')) + coalesce(e.bytes, 0)
            + coalesce(194 + 42 * m.lanes + 34 * m.doses + 166 * m.tests + m.bytes - m.spared, 0) AS BIGINT
        ) AS weight
    FROM findings AS f
    LEFT JOIN evidence AS e USING (finding_id)
    LEFT JOIN marks AS m USING (finding_id)
),

piled AS (
    SELECT *, sum(weight) OVER (PARTITION BY rule_id ORDER BY rank) // 1850000 AS pile FROM weighed
),

parted AS (
    SELECT *, dense_rank() OVER (PARTITION BY rule_id ORDER BY pile) AS part FROM piled
)

SELECT finding_id, rule_id, part, rule_id || CASE WHEN part > 1 THEN '-' || part ELSE '' END AS page, weight
FROM parted
