-- One rule as it stood in this run.
-- rule_id: name of the rule
-- pack: pack that it belongs to
-- companion: whether it is beyond the guideline, and so left out of headline rates
-- position: place in the order of rules
-- title: title
-- status: draft or published
-- kind: safety, signal, value, documentation or descriptive
-- severity: severity of a usual finding
-- statements: guideline statements that it covers
-- question: the question it answers
-- why: why it matters
-- action: what to do about a finding
-- false_alarms: when a finding is none
-- references: published sources
-- conflicts: published sources that disagree with the guideline
-- needs: feeds without which it is not run
-- uses: feeds that it can do without, and says so
-- unit: what it counts
-- act_within: days after the index date for which a finding stays open
-- excludes_hospice: whether hospice care excludes a unit
-- message: the sentence a finding is told in
-- distribution: evidence columns whose values are counted
-- shared_parameters: names of the parameters of the facts that it rests on
-- written_by: who wrote it
-- checked_by: who checked it
-- reviewed_on: when it was last reviewed
-- review_due: when it is to be reviewed again
-- version: version of the rule
-- run_status: run or not_run
-- not_run_reason: why it was not run
-- horizon: nothing after this day was judged
-- seconds: time it took
-- settings_seconds: time that trying other settings took; NULL when it asks for none
SELECT
    NULL::VARCHAR AS rule_id,
    NULL::VARCHAR AS pack,
    NULL::BOOLEAN AS companion,
    NULL::INTEGER AS position,
    NULL::VARCHAR AS title,
    NULL::VARCHAR AS status,
    NULL::VARCHAR AS kind,
    NULL::VARCHAR AS severity,
    NULL::VARCHAR[] AS statements,
    NULL::VARCHAR AS question,
    NULL::VARCHAR AS why,
    NULL::VARCHAR AS action,
    NULL::VARCHAR AS false_alarms,
    NULL::VARCHAR[] AS "references",
    NULL::VARCHAR[] AS conflicts,
    NULL::VARCHAR[] AS needs,
    NULL::VARCHAR[] AS uses,
    NULL::VARCHAR AS unit,
    NULL::INTEGER AS act_within,
    NULL::BOOLEAN AS excludes_hospice,
    NULL::VARCHAR AS message,
    NULL::VARCHAR[] AS distribution,
    NULL::VARCHAR[] AS shared_parameters,
    NULL::VARCHAR AS written_by,
    NULL::VARCHAR AS checked_by,
    NULL::DATE AS reviewed_on,
    NULL::DATE AS review_due,
    NULL::VARCHAR AS version,
    NULL::VARCHAR AS run_status,
    NULL::VARCHAR AS not_run_reason,
    NULL::DATE AS horizon,
    NULL::DOUBLE AS seconds,
    NULL::DOUBLE AS settings_seconds
WHERE FALSE
