-- One open finding that somebody should look at, most pressing first: severity, then newness, then the dose among the rule's
-- own findings, then how much besides the drug that it is about speaks in it, then the latest index date.
-- Rules of the kinds documentation and descriptive give rates only and have no row here, nor have exempt findings.
-- rank: place in the list, 1 for the most pressing finding
-- patient_rank: place of the patient in a list of patients, by the patient's most pressing finding
-- finding_id: the finding's own id, the same in every run
-- rule_id: the rule
-- rule_version: version of the rule
-- title: the rule's title
-- pack: the rule's pack
-- companion: whether the rule is beyond the guideline
-- kind: safety, signal or value
-- severity: critical, high, moderate, low or info
-- state: new, reopened or persisting
-- patient_id: the patient
-- age: age in full years on the audit's date
-- sex: the patient's sex
-- facility_id: where the first prescription behind the finding was written
-- prescriber_id: who wrote the first prescription behind it
-- unit_id: what was counted
-- index_date: the day the criterion was first met
-- days_since: days from the index date to the audit's date
-- message: the finding in one sentence
-- reason: the rule's reason
-- action: what the rule advises to do
-- conflicts: published sources that disagree with the guideline on it
-- first_seen_run: the run that found it first
-- dose_mg: the dose that the rule looked at, mg a day; NULL when the rule looks at none, or it is unknown
-- modifiers: how many things stand behind the finding besides the drug whose course it is about: other drugs by ingredient, tests
-- by what they measure, diagnoses and procedures by code, encounters by class, dialysis; each once, however many rows tell of it
WITH findings AS (
    SELECT * FROM audit.findings WHERE open AND state IN ('new', 'reopened', 'persisting')
),

rules AS (
    SELECT rule_id, position, title, pack, companion, kind, action, conflicts
    FROM audit.rules WHERE kind NOT IN ('documentation', 'descriptive')
),

people AS (
    SELECT patient_id, birth_date, sex FROM facts.people
),

evidence AS (
    SELECT finding_id, feed, source_id, says FROM audit.evidence SEMI JOIN findings USING (finding_id)
),

exposures AS (
    SELECT exposure_id, ingredient FROM facts.exposures
),

drugs AS (
    SELECT DISTINCT m.feed, m.row_id AS source_id, x.ingredient
    FROM facts.exposure_members AS m
    SEMI JOIN evidence AS e ON m.feed = e.feed AND m.row_id = e.source_id
    JOIN exposures AS x USING (exposure_id)
),

tests AS (
    -- A creatinine is behind a finding for the filtration that it tells.
    SELECT row_id AS source_id, if(analyte = 'creatinine', 'egfr', analyte) AS analyte
    FROM facts.labs SEMI JOIN evidence AS e ON e.feed = 'labs' AND row_id = e.source_id
),

own_drugs AS (
    SELECT f.finding_id, 'drug' AS kind, x.ingredient AS thing FROM findings AS f JOIN exposures AS x ON f.unit_id = x.exposure_id
),

things AS (
    -- A row says its code, or its class, first; so does one of a drug or test that is in no list.
    SELECT DISTINCT
        e.finding_id,
        CASE WHEN e.feed IN ('prescriptions', 'administrations') THEN 'drug' ELSE e.feed END AS kind,
        coalesce(d.ingredient, t.analyte, split_part(e.says, ' ', 1)) AS thing
    FROM evidence AS e
    LEFT JOIN drugs AS d USING (feed, source_id)
    LEFT JOIN tests AS t ON e.feed = 'labs' AND e.source_id = t.source_id
),

modifiers AS (
    SELECT finding_id, count(*) AS modifiers FROM things ANTI JOIN own_drugs USING (finding_id, kind, thing) GROUP BY finding_id
),

described AS (
    SELECT
        f.finding_id, f.rule_id, f.rule_version, f.severity, f.state, f.patient_id, f.facility_id, f.prescriber_id,
        f.unit_id, f.index_date, f.message, f.reason, f.first_seen_run,
        r.position, r.title, r.pack, r.companion, r.kind, r.action, r.conflicts,
        age_on(p.birth_date, CAST($as_of AS DATE)) AS age, coalesce(p.sex, 'unknown') AS sex,
        CAST(m.modifiers AS INTEGER) AS modifiers,
        TRY_CAST(coalesce(
            f.evidence ->> 'highest_mg', f.evidence ->> 'highest_daily_mg', f.evidence ->> 'plateau_mg',
            f.evidence ->> 'starting_mg', f.evidence ->> 'first_mg', f.evidence ->> 'to_mg', f.evidence ->> 'settled_mg',
            f.evidence ->> 'elemental_daily_mg'
        ) AS DOUBLE) AS dose_mg
    FROM findings AS f
    JOIN rules AS r USING (rule_id)
    LEFT JOIN people AS p USING (patient_id)
    LEFT JOIN modifiers AS m USING (finding_id)
),

-- Doses of different drugs do not compare: each is placed among those of its own rule.
weighed AS (
    SELECT *, percent_rank() OVER (PARTITION BY rule_id ORDER BY coalesce(dose_mg, 0)) AS dose_place FROM described
),

ranked AS (
    SELECT
        *,
        row_number() OVER (
            ORDER BY
                list_position(['critical', 'high', 'moderate', 'low', 'info'], severity),
                list_position(['new', 'reopened', 'persisting'], state),
                dose_place DESC, coalesce(modifiers, 0) DESC, index_date DESC, position, patient_id, finding_id
        ) AS rank
    FROM weighed
),

grouped AS (
    SELECT *, min(rank) OVER (PARTITION BY patient_id) AS patient_best FROM ranked
)

SELECT
    rank,
    dense_rank() OVER (ORDER BY patient_best) AS patient_rank,
    finding_id, rule_id, rule_version, title, pack, companion, kind, severity, state, patient_id, age, sex, facility_id,
    prescriber_id, unit_id, index_date, CAST($as_of AS DATE) - index_date AS days_since, message, reason, action,
    conflicts, first_seen_run, dose_mg, coalesce(modifiers, 0) AS modifiers
FROM grouped
