-- How many units of a rule have an outcome in one cell of a breakdown. Every outcome of a cell, and every month between
-- a rule's first and last, has a row, so that a zero is a number and not a gap.
-- rule_id: the rule; only rules that were run
-- breakdown: all, month, facility, prescriber or stratum
-- cell: the month (its first day), the facility, the prescriber, the age band and sex (with | between), or all
-- outcome: finding, clear, excluded, not_evaluable or pending
-- units: number of units
-- patients: number of different patients among them
WITH rules AS (
    SELECT rule_id FROM audit.rules WHERE run_status = 'run'
),

results AS (
    SELECT rule_id, patient_id, index_date, outcome, facility_id, prescriber_id FROM audit.results
),

people AS (
    SELECT patient_id, birth_date, sex FROM facts.people
),

outcomes AS (
    SELECT unnest(['finding', 'clear', 'excluded', 'not_evaluable', 'pending']) AS outcome
),

aged AS (
    SELECT
        r.rule_id, r.outcome, r.patient_id, r.index_date, r.facility_id, r.prescriber_id,
        age_on(p.birth_date, r.index_date) AS age, coalesce(p.sex, 'unknown') AS sex
    FROM results AS r LEFT JOIN people AS p USING (patient_id)
),

placed AS (
    SELECT
        rule_id, outcome, patient_id,
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

counted AS (
    SELECT
        rule_id, outcome,
        CASE
            WHEN grouping(month_cell) = 0 THEN 'month'
            WHEN grouping(facility_cell) = 0 THEN 'facility'
            WHEN grouping(prescriber_cell) = 0 THEN 'prescriber'
            WHEN grouping(stratum_cell) = 0 THEN 'stratum'
            ELSE 'all'
        END AS breakdown,
        coalesce(month_cell, facility_cell, prescriber_cell, stratum_cell, 'all') AS cell,
        count(*) AS units,
        count(DISTINCT patient_id) AS patients
    FROM placed
    GROUP BY GROUPING SETS (
        (rule_id, outcome),
        (rule_id, outcome, month_cell),
        (rule_id, outcome, facility_cell),
        (rule_id, outcome, prescriber_cell),
        (rule_id, outcome, stratum_cell)
    )
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
    SELECT DISTINCT rule_id, breakdown, cell FROM counted WHERE breakdown IN ('facility', 'prescriber', 'stratum')
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
