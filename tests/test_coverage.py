"""Coverage floors: a rule that asks for more than tonight's data has is not run, with the figure; what asks wrongly is refused."""

import shutil
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from nightrounds.coverage import Figure, measure
from nightrounds.database import connect
from nightrounds.errors import NightroundsError
from nightrounds.extracts import load
from nightrounds.pipeline import apply, build
from nightrounds.project import Project, find_project
from nightrounds.rules import load_rule, load_rules
from nightrounds.run import new_run
from nightrounds.site import Site
from nightrounds.sqlfiles import SqlFile, sql_files

PROJECT = find_project()
RENAL = {"baclofen_renal", "magnesium_renal_function_unknown", "magnesium_renal_insufficiency"}


def not_run(folder: Path, units: list[str], supplies: list[str]) -> tuple[dict[str, str], list[tuple[object, ...]]]:
    """Audit one creatinine for each unit and one course of baclofen for each days of supply; return the rules not run, and why."""
    people = "".join(f"p{n},1950-01-01,female\n" for n in range(20))
    labs = "".join(f"l{n},p{n},2026-01-10,2160-0,loinc,1.1,{unit}\n" for n, unit in enumerate(units))
    rx = "".join(f"r{n},p{n},baclofen 10 mg tablet,oral,2026-01-10,{days}\n" for n, days in enumerate(supplies))
    files = {
        "patients.csv": "patient_id,birth_date,sex\n" + people,
        "labs.csv": "lab_id,patient_id,collected_at,test_code,test_code_system,value,unit\n" + labs,
        "prescriptions.csv": "prescription_id,patient_id,drug_name,route,start_date,days_supply\n" + rx,
    }
    (folder / "extract").mkdir()
    for name, text in files.items():
        (folder / "extract" / name).write_text(text, encoding="utf-8")
    started_at = datetime(2026, 3, 1, 2)  # noqa: DTZ001 - UTC by convention
    run = new_run(PROJECT, Site(name="test"), folder / "extract", out=folder, as_of=date(2026, 3, 1), started_at=started_at)
    for step in (load, build, apply):
        step(run)
    with connect(run.building) as con:
        reasons = dict(con.execute("SELECT rule_id, not_run_reason FROM audit.rules WHERE run_status = 'not_run'").fetchall())
        asked = con.execute("SELECT DISTINCT figure, part, whole, at_least, met FROM audit.coverage ORDER BY ALL").fetchall()
    return {rule: reason for rule, reason in reasons.items() if "was not delivered" not in reason}, asked


@pytest.mark.parametrize(
    ("units", "met"),
    [(["mg/dL"] * 9 + [""], True), (["mg/dL"] * 9 + ["umol/L"], True), (["mg/dL"] * 8 + ["", "umol/L"], False), ([], True)],
    ids=["one in ten has no unit", "one in ten contradicts it", "one of each", "no creatinine at all"],
)
def test_the_floor_of_creatinine_with_a_unit(tmp_path: Path, units: list[str], met: bool) -> None:
    reasons, asked = not_run(tmp_path, units, ["30"])
    said = "Creatinine results with a unit that is known and fits the value: 80.0% (8 of 10); at least 90% are needed."
    assert reasons == ({} if met else dict.fromkeys(RENAL, said))
    usable = sum(unit == "mg/dL" for unit in units)
    assert ("creatinine_with_unit", usable, len(units), 0.9, met) in asked


@pytest.mark.parametrize(("supplies", "met"), [(["30", ""], True), (["30", "", ""], False)])
def test_the_floor_of_baclofen_with_a_known_end(tmp_path: Path, supplies: list[str], met: bool) -> None:
    reasons, asked = not_run(tmp_path, ["mg/dL"], supplies)
    assert set(reasons) == (set() if met else {"baclofen_abrupt_stop"})
    assert ("baclofen_with_known_end", 1, len(supplies), 0.5, met) in asked


def test_every_figure_says_what_it_counts_and_is_asked_for() -> None:
    figures = {file.table: file for file in sql_files(PROJECT.sql / "quality")}
    asked = {name for rule in load_rules(PROJECT.rules) for floors in rule.floors.values() for name in floors}
    assert asked == set(figures)
    for file in figures.values():
        assert file.comment
        assert list(file.column_comments) == ["part", "whole"]


@pytest.mark.parametrize(
    ("figure", "floor", "met"),
    [(Figure("x", 9, 10), 0.9, True), (Figure("x", 89, 100), 0.9, False), (Figure("x", 0, 0), 1, True)],
)
def test_a_floor_itself_is_enough(figure: Figure, floor: float, met: bool) -> None:
    assert figure.reaches(floor) is met


@pytest.mark.parametrize("query", ["1 AS part", "1 AS part, 0 AS whole", "NULL AS part, 1 AS whole", "2 AS whole, 1 AS part"])
def test_what_is_no_figure_is_told_so(tmp_path: Path, query: str) -> None:
    (tmp_path / "figure.sql").write_text(f"-- What.\nSELECT {query}", encoding="utf-8")
    with duckdb.connect() as con, pytest.raises(NightroundsError, match="is not a figure"):
        measure(con, SqlFile(tmp_path / "figure.sql"), {})


@pytest.fixture
def asking(tmp_path: Path, project: Project) -> Callable[[str, str], Path]:
    """Return a function that changes a line of a copied rule, and gives the rule's folder."""
    shutil.copytree(project.sql / "quality", tmp_path / "sql" / "quality")
    folder = tmp_path / "rules" / "leg_cramps" / "magnesium_renal_insufficiency"
    shutil.copytree(project.rules / "leg_cramps" / folder.name, folder)
    shutil.copy(project.rules / "facts.toml", tmp_path / "rules")

    def changed(old: str, new: str) -> Path:
        path = folder / "rule.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        return folder

    return changed


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("creatinine_with_unit", "creatinine_with_units", "unknown figure 'creatinine_with_units'"),
        ("creatinine_with_unit = 0.9", "creatinine_with_unit = 90", "sets creatinine_with_unit to 90"),
        ("creatinine_with_unit = 0.9", "creatinine_with_unit = 0", "sets creatinine_with_unit to 0"),
        ("creatinine_with_unit = 0.9", "creatinine_with_unit = true", "sets creatinine_with_unit to True"),
        ("labs = { creatinine_with_unit = 0.9 }", "labs = 0.9", "asks for labs wrongly"),
        ("uses = { diagnoses = {}", "uses = { diagnoses = { creatinine_with_unit = 0.9 }", "asks for diagnoses wrongly"),
    ],
)
def test_a_rule_that_asks_wrongly_is_refused(asking: Callable[[str, str], Path], old: str, new: str, told: str) -> None:
    with pytest.raises(NightroundsError, match=told):
        load_rule(asking(old, new))


def test_a_rule_that_asks_rightly_is_loaded(asking: Callable[[str, str], Path]) -> None:
    rule = load_rule(asking("creatinine_with_unit = 0.9", "creatinine_with_unit = 1"))
    assert rule.floors == {"labs": {"creatinine_with_unit": 1}}
    assert rule.needs == ["patients", "prescriptions", "labs"]
