-- How many units of a rule have an outcome in one cell of a breakdown. Every outcome of a cell, and every month between
-- a rule's first and last, has a row, so that a zero is a number and not a gap.
-- rule_id: the rule; only rules that were run
-- breakdown: all, month, facility, prescriber, group, stratum, association, or `by ` and the name of an evidence column whose
-- values are counted
-- cell: the month (its first day), the facility, the prescriber, the prescriber's group (when the site names groups), the age
-- band and sex (with | between), the associated condition of leg cramps on the index date (the first that applies of dialysis,
-- cirrhosis, pregnancy, lumbar stenosis and peripheral arterial disease, the last two coded within a year), the value, or all
-- outcome: finding, clear, excluded, not_evaluable or pending
-- units: number of units
-- patients: number of different patients among them
WITH rules AS (
    SELECT rule_id, coalesce(distribution, []) AS distribution FROM audit.rules WHERE run_status = 'run'
),

results AS (
    SELECT rule_id, patient_id, index_date, outcome, facility_id, prescriber_id, evidence FROM audit.results
),

people AS (
    SELECT patient_id, birth_date, sex FROM facts.people
),

groups AS (
    SELECT prescriber_id, prescriber_group FROM audit.prescriber_groups
),

dialysis AS (SELECT patient_id, from_day, to_day FROM facts.dialysis),

pregnancies AS (SELECT patient_id, start_date, end_date FROM facts.pregnancies),

conditions AS (
    SELECT patient_id, condition, day FROM facts.conditions
    WHERE condition IN ('cirrhosis', 'lumbar_stenosis', 'claudication_pad')
),

associated AS (
    SELECT patient_id, from_day, to_day, 1 AS place, 'dialysis' AS association FROM dialysis
    UNION ALL
    SELECT patient_id, day, DATE '9999-12-31', 2, 'cirrhosis' FROM conditions WHERE condition = 'cirrhosis'
    UNION ALL
    SELECT patient_id, start_date, end_date, 3, 'pregnancy' FROM pregnancies
    UNION ALL
    SELECT
        patient_id, day, day + 365, if(condition = 'lumbar_stenosis', 4, 5),
        if(condition = 'lumbar_stenosis', 'lumbar stenosis', 'peripheral arterial disease')
    FROM conditions WHERE condition <> 'cirrhosis'
),

associations AS (
    SELECT r.patient_id, r.index_date, arg_min(a.association, a.place) AS association
    FROM (SELECT DISTINCT patient_id, index_date FROM results) AS r
    JOIN associated AS a ON r.patient_id = a.patient_id AND r.index_date BETWEEN a.from_day AND a.to_day
    GROUP BY r.patient_id, r.index_date
),

outcomes AS (
    SELECT unnest(['finding', 'clear', 'excluded', 'not_evaluable', 'pending']) AS outcome
),

aged AS (
    SELECT
        r.rule_id, r.outcome, r.patient_id, r.index_date, r.facility_id, r.prescriber_id,
        age_on(p.birth_date, r.index_date) AS age, coalesce(p.sex, 'unknown') AS sex,
        coalesce(a.association, 'none on record') AS association_cell,
        coalesce(g.prescriber_group, 'in no group') AS group_cell
    FROM results AS r
    LEFT JOIN groups AS g USING (prescriber_id)
    LEFT JOIN people AS p USING (patient_id)
    LEFT JOIN associations AS a ON r.patient_id = a.patient_id AND r.index_date = a.index_date
),

placed AS (
    SELECT
        rule_id, outcome, patient_id, association_cell, group_cell,
        strftime(index_date, '%Y-%m-01') AS month_cell,
        coalesce(facility_id, 'not recorded') AS facility_cell,
        coalesce(prescriber_id, 'not recorded') AS prescriber_cell,
        CASE
            WHEN age IS NULL THEN 'unknown'
            WHEN age < 18 THEN 'under 18'
            WHEN age < 45 THEN '18-44'
            WHEN age < 65 THEN '45-64'
            WHEN age < 75 THEN '65-74'
            WHEN age < 85 THEN '75-84'
            ELSE '85 and over'
        END || '|' || sex AS stratum_cell
    FROM aged
),

measured AS (
    SELECT s.rule_id, s.outcome, s.patient_id, s.evidence, unnest(r.distribution) AS measure
    FROM results AS s JOIN rules AS r USING (rule_id)
    WHERE r.distribution <> []
),

valued AS (
    SELECT
        rule_id, outcome, patient_id, 'by ' || measure AS breakdown,
        coalesce(json_extract_string(evidence, '$."' || measure || '"'), 'not recorded') AS cell
    FROM measured
),

frequent AS (
    -- A page is no place for a hundred values: the rarer ones are counted together.
    SELECT rule_id, breakdown, cell
    FROM valued
    GROUP BY rule_id, breakdown, cell
    QUALIFY row_number() OVER (PARTITION BY rule_id, breakdown ORDER BY count(*) DESC, cell) <= 20
),

distributed AS (
    SELECT
        v.rule_id, v.outcome, v.breakdown, coalesce(f.cell, 'other values') AS cell,
        count(*) AS units,
        count(DISTINCT v.patient_id) AS patients
    FROM valued AS v LEFT JOIN frequent AS f USING (rule_id, breakdown, cell)
    GROUP BY ALL
),

grouped AS (
    SELECT
        rule_id, outcome,
        CASE
            WHEN grouping(month_cell) = 0 THEN 'month'
            WHEN grouping(facility_cell) = 0 THEN 'facility'
            WHEN grouping(prescriber_cell) = 0 THEN 'prescriber'
            WHEN grouping(stratum_cell) = 0 THEN 'stratum'
            WHEN grouping(association_cell) = 0 THEN 'association'
            WHEN grouping(group_cell) = 0 THEN 'group'
            ELSE 'all'
        END AS breakdown,
        coalesce(month_cell, facility_cell, prescriber_cell, stratum_cell, association_cell, group_cell, 'all') AS cell,
        count(*) AS units,
        count(DISTINCT patient_id) AS patients
    FROM placed
    GROUP BY GROUPING SETS (
        (rule_id, outcome),
        (rule_id, outcome, month_cell),
        (rule_id, outcome, facility_cell),
        (rule_id, outcome, prescriber_cell),
        (rule_id, outcome, stratum_cell),
        (rule_id, outcome, association_cell),
        (rule_id, outcome, group_cell)
    )
),

counted AS (
    SELECT rule_id, outcome, breakdown, cell, units, patients FROM grouped
    WHERE breakdown <> 'group' OR (SELECT count(*) FROM groups) > 0
    UNION ALL
    SELECT rule_id, outcome, breakdown, cell, units, patients FROM distributed
),

spans AS (
    SELECT
        rule_id, CAST(date_trunc('month', min(index_date)) AS DATE) AS first_month,
        CAST(date_trunc('month', max(index_date)) AS DATE) AS last_month
    FROM results GROUP BY rule_id
),

cells AS (
    SELECT rule_id, 'all' AS breakdown, 'all' AS cell FROM rules
    UNION ALL
    SELECT rule_id, 'month', strftime(unnest(generate_series(first_month, last_month, INTERVAL 1 MONTH)), '%Y-%m-01')
    FROM spans
    UNION ALL
    SELECT DISTINCT rule_id, breakdown, cell FROM counted WHERE breakdown NOT IN ('all', 'month')
)

SELECT
    c.rule_id, c.breakdown, c.cell, o.outcome,
    coalesce(n.units, 0) AS units,
    coalesce(n.patients, 0) AS patients
FROM cells AS c
SEMI JOIN rules USING (rule_id)
CROSS JOIN outcomes AS o
LEFT JOIN counted AS n
    ON c.rule_id = n.rule_id AND c.breakdown = n.breakdown AND c.cell = n.cell AND o.outcome = n.outcome
