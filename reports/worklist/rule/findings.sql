-- The rule's first 1,000 open findings, most pressing first, each with its source rows and the marks of its timeline.
WITH open_findings AS (
    SELECT * FROM mart.worklist WHERE rule_id = $rule_id ORDER BY rank LIMIT 1000
),

source_rows AS (
    SELECT
        finding_id,
        list(
            {'feed': feed, 'source_id': source_id, 'date': date, 'says': says, 'file': file, 'line': line}
            ORDER BY date NULLS LAST, feed, source_id, file, line
        ) AS source_rows
    FROM audit.evidence SEMI JOIN open_findings USING (finding_id)
    GROUP BY finding_id
),

marks AS (
    SELECT
        finding_id,
        list(
            {'lane': lane, 'kind': kind, 'from_day': from_day, 'to_day': to_day, 'value': value, 'label': label}
            ORDER BY lane, from_day, kind, label
        ) AS marks
    FROM mart.timeline SEMI JOIN open_findings USING (finding_id)
    GROUP BY finding_id
)

SELECT f.*, coalesce(s.source_rows, []) AS source_rows, coalesce(m.marks, []) AS marks
FROM open_findings AS f
LEFT JOIN source_rows AS s USING (finding_id)
LEFT JOIN marks AS m USING (finding_id)
ORDER BY f.rank
