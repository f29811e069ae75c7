"""A second, slow reading of the page agrees with the SQL on invented patients, unit by unit.

Outcome, severity and index date of every unit of ten rules are compared. Another set of patients is invented with
`SECOND_READING_SEED=2`, more of them with `SECOND_READING_PATIENTS=20000`.
"""

import os
from collections import Counter
from pathlib import Path

import nightrounds.duckdb_dialect  # noqa: F401 - lets go of DuckDB when Python ends, whatever Hypothesis still holds
from nightrounds.project import Project
from second_reading.comparing import AS_OF, EXTRACTED, answers_of_sql, differences
from second_reading.inventing import invent
from second_reading.readings import READINGS

SEED = int(os.environ.get("SECOND_READING_SEED", "1"))
PATIENTS = int(os.environ.get("SECOND_READING_PATIENTS", "5000"))
SHOWN = 5  # of each rule, those with the fewest rows first
ENOUGH = PATIENTS // 500  # units of each of the commoner outcomes, so that agreeing means something


def test_the_sql_and_a_second_reading_of_the_page_agree(project: Project, tmp_path: Path) -> None:
    charts = invent(PATIENTS, AS_OF, EXTRACTED, SEED)
    answers = answers_of_sql(project, charts, tmp_path)
    found = sorted(differences(charts, answers), key=lambda d: len(list(d.chart.rows())))
    by_rule = Counter(d.rule_id for d in found)
    shown = [d for rule_id in by_rule for d in [d for d in found if d.rule_id == rule_id][:SHOWN]]
    assert not found, "\n".join([f"{len(found)} differences: {dict(by_rule)}", *map(str, shown)])
    outcomes = Counter((rule_id, v.outcome) for (rule_id, _), verdicts in answers.items() for v in verdicts)
    rare = [(rule_id, outcome) for rule_id in READINGS for outcome in ("finding", "clear") if outcomes[rule_id, outcome] < ENOUGH]
    assert not rare
