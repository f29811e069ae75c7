"""Each fact has cases of its own: tests/facts/<fact>.toml, written like the cases of a rule.

A case is one patient's rows as a hospital sends them, and in `expect` the rows of the fact that must come of them, in any
order and by the columns that the case names; a column that one row names and another does not is NULL there. Ids are written as the case has them (`rx1`,
`baclofen|oral||2026-01-01`). A fact that is of no patient has its rows in `expect` among others, and none like those in
`lacks`. Besides, each parameter of rules/facts.toml is moved by one, both ways, and some case must notice.
"""

import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mutations import moved
from nightrounds.cases import FILLED, PREFIX, Case, facts_of_cases
from nightrounds.database import connect
from nightrounds.project import find_project
from nightrounds.rules import Rule
from nightrounds.sqlfiles import Value, layers
from nightrounds.warehouse import build_schema, fact_parameters

PROJECT = find_project()
FOLDER = Path(__file__).with_name("facts")
FACTS = {file.table for layer in layers(PROJECT.sql / "facts") for file in layer}
PARAMETERS = fact_parameters(PROJECT.rules)
MOVES = [(name, value) for name, default in PARAMETERS.items() for value in moved(default, [])]
KEYS = {"name", "patient", "expect", "lacks", "as_of", "covers", "absent", *PREFIX}
Row = dict[str, Any]


def read(path: Path) -> list[Case]:
    """Read the cases of one fact."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    defaults = content.get("defaults", {})
    found = []
    for number, entry in enumerate(content["case"], start=1):
        assert set(entry) <= KEYS, f"{path.name}: {entry['name']}: {set(entry) - KEYS}"
        rows = {f: [{**FILLED.get(f, {}), **defaults.get(f, {}), **row} for row in entry.get(f, [])] for f in PREFIX}
        found.append(Case(path.stem, number, entry["name"], {**entry, **rows}, entry.get("as_of", content["as_of"])))
    return found


CASES = [case for path in sorted(FOLDER.glob("*.toml")) for case in read(path)]


@dataclass(frozen=True)
class Built:
    """A database with the facts of all cases that agree on date and feeds."""

    con: duckdb.DuckDBPyConnection
    values: dict[str, Value]
    cases: list[Case]


@pytest.fixture(scope="module")
def built() -> Iterator[dict[str, Built]]:
    """Each case's database, by its group."""
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in CASES:
        groups[case.group].append(case)
    found = {}
    with tempfile.TemporaryDirectory(prefix="nightrounds-facts-") as scratch:
        for number, (key, cases) in enumerate(groups.items()):
            run = facts_of_cases(PROJECT, Rule(FOLDER, {}), cases, Path(scratch) / str(number))
            found[key] = Built(connect(run.building, threads=1), dict(run.values), cases)
        yield found
        for one in found.values():
            one.con.close()


def rows_of(con: duckdb.DuckDBPyConnection, case: Case) -> list[Row]:
    """Rows of the case's fact that are about its patient, or all rows of a fact that is of no patient."""
    reader = con.execute(f"SELECT * FROM facts.{case.rule_id}")
    names = [name for name, *_ in reader.description]
    rows = [dict(zip(names, row, strict=True)) for row in reader.fetchall()]
    return [
        {n: own(v, case) for n, v in row.items()} for row in rows if row.get("patient_id", case.patient_id) == case.patient_id
    ]


def own(value: Any, case: Case) -> Any:
    """Value as a case writes it: numbers rounded, ids without the patient."""
    if isinstance(value, list):
        return [own(part, case) for part in value]
    if isinstance(value, float):
        return round(value, 4)
    return value.replace(f"{case.patient_id}-", "").replace(f"{case.patient_id}|", "") if isinstance(value, str) else value


def differs(con: duckdb.DuckDBPyConnection, case: Case) -> str:
    """Say how the fact's rows differ from what the case expects; nothing when they do not."""
    rows, lacks = rows_of(con, case), case.content.get("lacks", [])
    names = dict.fromkeys(name for row in case.content["expect"] for name in row)
    expected, seen = ([{name: row.get(name) for name in names} for row in of] for of in (case.content["expect"], rows))
    if any(all(row[n] == v for n, v in wrong.items()) for wrong in lacks for row in rows):
        return f"{case.name}: a row like one of {lacks}"
    of_no_patient = bool(rows) and "patient_id" not in rows[0]
    same = all(row in seen for row in expected) if of_no_patient else sorted(map(repr, seen)) == sorted(map(repr, expected))
    return "" if same else f"{case.name}: {seen}"


@pytest.mark.parametrize("fact", sorted(FACTS))
def test_a_fact_has_cases(fact: str) -> None:
    assert (FOLDER / f"{fact}.toml").is_file()


def test_every_file_of_cases_is_of_a_fact() -> None:
    assert {path.stem for path in FOLDER.iterdir()} <= FACTS


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule_id}-{case.number}")
def test_a_fact_is_as_its_case_says(built: dict[str, Built], case: Case) -> None:
    assert differs(built[case.group].con, case) == ""


def test_no_row_of_a_case_is_quarantined(built: dict[str, Built]) -> None:
    for one in built.values():
        assert one.con.execute("SELECT feed, line, column_name, value, reason FROM audit.quarantine").fetchall() == []


@pytest.mark.parametrize(("name", "value"), MOVES, ids=lambda part: str(part).replace(" ", ""))
def test_a_case_notices_a_moved_parameter(built: dict[str, Built], name: str, value: Value) -> None:
    assert any(notices(one, {name: value}) for one in sorted(built.values(), key=lambda one: -len(one.cases)))


def notices(one: Built, moved: dict[str, Value]) -> bool:
    """Whether a case differs when the facts are built with another value; nothing is kept."""
    one.con.execute("BEGIN")
    try:
        build_schema(one.con, PROJECT.sql / "facts", {**one.values, **moved})
        return any(differs(one.con, case) for case in one.cases)
    finally:
        one.con.execute("ROLLBACK")
