-- Open findings of one severity, all rules together, as they may be shown on a shareable page. Where a rule's number is hidden, the
-- sum says only what the rules' own numbers tell anyway: with them a true one would tell what is hidden.
-- severity: critical, high, moderate, low or info
-- findings: number of open findings, to the nearest five under any policy that hides small counts; NULL when it is hidden
-- shown: what to print for it
WITH policy AS (
    SELECT small_mark, greatest(rounded_to, if(small_limit > 0, 5, 1)) AS rounded_to FROM mart.disclosure
),

severities AS (
    SELECT unnest(['critical', 'high', 'moderate', 'low', 'info']) AS severity
),

rules AS (
    SELECT rule_id, severity, findings IS NULL AS is_hidden, least FROM mart.public_rule_open
),

told AS (
    SELECT
        severity,
        CAST(coalesce(sum(least), 0) AS BIGINT) AS least,
        count(*) FILTER (is_hidden) AS hidden,
        count(*) FILTER (NOT is_hidden AND least > 0) AS shown
    FROM severities LEFT JOIN rules USING (severity)
    GROUP BY severity
),

counts AS (
    SELECT severity, count(*) AS findings FROM mart.worklist SEMI JOIN rules USING (rule_id) GROUP BY severity
),

rounded AS (
    SELECT
        t.severity, t.least, t.hidden, t.shown, p.small_mark,
        CASE
            WHEN t.hidden = 0 THEN CAST(round(coalesce(c.findings, 0) / p.rounded_to) * p.rounded_to AS BIGINT)
        END AS findings
    FROM told AS t
    CROSS JOIN policy AS p
    LEFT JOIN counts AS c USING (severity)
)

SELECT
    severity, findings,
    CASE
        WHEN findings IS NOT NULL THEN CAST(findings AS VARCHAR)
        WHEN hidden = 1 AND shown = 0 THEN small_mark
        ELSE 'at least ' || least
    END AS shown
FROM rounded
