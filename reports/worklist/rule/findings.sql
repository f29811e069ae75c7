-- Open findings on the page where they stand, most pressing first, each with its source rows and the marks of its timeline.
WITH findings AS (
    SELECT
        p.page, w.finding_id, w.rank, w.severity, w.state, w.patient_id, w.age, w.sex, w.facility_id, w.prescriber_id, w.index_date,
        w.days_since, w.message, w.reason, w.first_seen_run, len(w.conflicts) > 0 AS has_conflict
    FROM mart.worklist AS w JOIN mart.worklist_page AS p USING (finding_id)
),

source_rows AS (
    SELECT
        finding_id,
        list(
            {'feed': feed, 'date': date, 'says': says, 'file': file, 'line': line}
            ORDER BY date NULLS LAST, feed, source_id, file, line
        ) AS source_rows
    FROM audit.evidence SEMI JOIN findings USING (finding_id)
    GROUP BY finding_id
),

marks AS (
    SELECT
        finding_id,
        list(
            {'lane': lane, 'kind': kind, 'from_day': from_day, 'to_day': to_day, 'value': value, 'label': label}
            ORDER BY lane, from_day, kind, label
        ) AS marks
    FROM mart.timeline SEMI JOIN findings USING (finding_id)
    GROUP BY finding_id
)

SELECT f.*, coalesce(s.source_rows, []) AS source_rows, coalesce(m.marks, []) AS marks
FROM findings AS f
LEFT JOIN source_rows AS s USING (finding_id)
LEFT JOIN marks AS m USING (finding_id)
ORDER BY f.rank
