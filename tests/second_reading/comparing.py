"""The SQL's answers for all patients in one run, and where they differ from the second reading."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from pathlib import Path

from nightrounds.audit import apply_rules
from nightrounds.database import connect
from nightrounds.extracts import load
from nightrounds.project import Project
from nightrounds.rules import load_rules
from nightrounds.run import new_run
from nightrounds.site import Site
from nightrounds.warehouse import build_facts
from second_reading.chart import Chart, Day
from second_reading.extract import write_extract
from second_reading.readings import READINGS, read
from second_reading.verdicts import Verdict

AS_OF = date(2026, 6, 30).toordinal()
# The extract is younger than the audit's date, so that there are rows that nobody may see yet; and some feeds end before it.
EXTRACTED = AS_OF + 10
COVERS = {
    "patients": EXTRACTED, "prescriptions": EXTRACTED, "labs": AS_OF - 2, "diagnoses": AS_OF - 1, "procedures": AS_OF,
    "administrations": AS_OF, "dialysis_sessions": AS_OF - 3, "encounters": AS_OF,
}  # fmt: skip

Answers = Mapping[tuple[str, str], list[Verdict]]


@dataclass(frozen=True)
class Difference:
    """A patient and a rule on whom the two do not agree."""

    rule_id: str
    chart: Chart
    expected: list[Verdict]
    got: list[Verdict]

    def __str__(self) -> str:
        told = [f"--- {self.rule_id}", *described(self.chart)]
        told += [f"  second reading: {verdict}" for verdict in self.expected] or ["  second reading: no unit"]
        return "\n".join(told + ([f"  SQL: {verdict}" for verdict in self.got] or ["  SQL: no unit"]))


def answers_of_sql(project: Project, charts: Iterable[Chart], folder: Path) -> Answers:
    """Load one extract of all charts, build its facts, apply the ten rules; verdicts by rule and patient."""
    write_extract(folder / "extract", charts, EXTRACTED, COVERS)
    started_at = datetime.combine(date.fromordinal(EXTRACTED), datetime.min.time()) + timedelta(hours=2)
    site = Site(name="second reading")
    run = new_run(project, site, folder / "extract", out=folder, as_of=date.fromordinal(AS_OF), started_at=started_at)
    load(run)
    found: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    with connect(run.building) as con:
        quarantined = con.execute("SELECT feed, column_name, value, reason FROM audit.quarantine LIMIT 5").fetchall()
        if quarantined:
            raise ValueError(f"An invented row is quarantined: {quarantined}")
        build_facts(con, project.sql, run.values)
        apply_rules(con, run, [rule for rule in load_rules(project.rules, site) if rule.rule_id in READINGS])
        query = "SELECT rule_id, patient_id, unit_id, index_date, outcome, severity FROM audit.results"
        for rule_id, patient_id, unit_id, day, outcome, severity in con.execute(query).fetchall():
            found[rule_id, patient_id].append(Verdict(unit_id, day.toordinal(), outcome, severity))
    return found


def differences(charts: Iterable[Chart], answers: Answers) -> Iterator[Difference]:
    """Every patient and rule on which the two disagree."""
    for chart in charts:
        for rule_id in READINGS:
            expected, got = read(rule_id, chart, AS_OF, COVERS), sorted(answers.get((rule_id, chart.patient_id), []))
            if expected != got:
                yield Difference(rule_id, chart, expected, got)


def described(chart: Chart) -> list[str]:
    """A chart in lines for the eye, by date."""
    death = f", died {date.fromordinal(chart.death)}" if chart.death else ""
    rows = sorted(chart.rows(), key=lambda row: row.day)
    return [f"{chart.patient_id}: {chart.sex}, born {date.fromordinal(chart.birth)}{death}", *(f"  {line(row)}" for row in rows)]


def line(row: object) -> str:
    """A row with what it says that is not usual."""
    told = []
    for f in fields(row):  # type: ignore[arg-type] # every row is a dataclass
        value: object = getattr(row, f.name)
        if isinstance(value, Day) and not isinstance(value, bool) and value > 700_000:
            told.append(f"{f.name} {date.fromordinal(value)}")
        elif value != f.default:
            told.append(f"{f.name} {getattr(value, 'name', value)}")
    return f"{type(row).__name__}: {', '.join(told)}"
