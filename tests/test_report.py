"""Marts and pages: the numbers add up, small ones cannot be worked out, and no page leaks, breaks or runs anything.

A small published database is made up here, without an audit: rows of `audit.*` and of two facts, and every mart.
"""

import base64
import csv
import hashlib
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nightrounds.areas import safe_name
from nightrounds.database import connect
from nightrounds.errors import NightroundsError
from nightrounds.formulas import harmless
from nightrounds.pages import OUTCOMES, apart, bar
from nightrounds.report import by_page, render
from nightrounds.sqlfiles import SqlFile, layers
from nightrounds.warehouse import build_schema, create_macros, create_records, create_schemas

ROOT = Path(__file__).parents[1]
AS_OF = date(2026, 6, 30)
RUN_ID = "2026-07-01T021500Z"
NAMES = ("finding", "clear", "excluded", "not_evaluable", "pending")
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> \u202eevil\u202c </style>{{ 7 * 7 }} \x07"
TABLES = """
    CREATE TABLE facts.people (patient_id VARCHAR, birth_date DATE, sex VARCHAR, facility_id VARCHAR);
    CREATE TABLE facts.feeds (feed VARCHAR, present BOOLEAN, watermark DATE);
    CREATE TABLE facts.dialysis (patient_id VARCHAR, from_day DATE, to_day DATE);
    CREATE TABLE facts.pregnancies (patient_id VARCHAR, start_date DATE, end_date DATE);
    CREATE TABLE facts.conditions (patient_id VARCHAR, condition VARCHAR, day DATE);
    CREATE TABLE facts.exposure_members (exposure_id VARCHAR, feed VARCHAR, row_id VARCHAR);
    CREATE TABLE facts.exposures (
        exposure_id VARCHAR, ingredient VARCHAR, start_date DATE, end_date DATE, first_drug_name VARCHAR
    );
    CREATE TABLE facts.dose_steps (exposure_id VARCHAR, start_date DATE, end_date DATE, daily_dose_mg DOUBLE);
    CREATE TABLE facts.labs (
        row_id VARCHAR, patient_id VARCHAR, analyte VARCHAR, collected_on DATE, value DOUBLE, value_as_sent VARCHAR,
        unit_as_sent VARCHAR
    );
    CREATE TABLE facts.renal_function (patient_id VARCHAR, day DATE, egfr DOUBLE, shown VARCHAR);
    CREATE TABLE audit.results (
        rule_id VARCHAR, unit_id VARCHAR, patient_id VARCHAR, index_date DATE, outcome VARCHAR, severity VARCHAR,
        reason VARCHAR, facility_id VARCHAR, prescriber_id VARCHAR, evidence VARCHAR, message VARCHAR
    );
    CREATE TABLE audit.findings AS FROM audit.previous_findings;
    CREATE TABLE audit.evidence (
        finding_id VARCHAR, feed VARCHAR, source_id VARCHAR, date DATE, says VARCHAR, file VARCHAR, line BIGINT
    );
    CREATE TABLE audit.near_names (
        drug_name VARCHAR, drug_code VARCHAR, drug_code_system VARCHAR, near_to VARCHAR, because VARCHAR,
        prescriptions BIGINT, administrations BIGINT
    );
    CREATE TABLE audit.code_conflicts (
        drug_code VARCHAR, drug_code_system VARCHAR, drug_name VARCHAR, ingredient VARCHAR, prescriptions BIGINT,
        administrations BIGINT
    );
    CREATE TABLE audit.dose_methods (
        ingredient VARCHAR, route_group VARCHAR, dose_method VARCHAR, dose_confidence VARCHAR, prescriptions BIGINT,
        patients BIGINT
    );
    CREATE TABLE audit.lab_units (
        analyte VARCHAR, unit VARCHAR, ucum VARCHAR, results BIGINT, usable BIGINT, patients BIGINT
    );
"""


class Published:
    """A published database in the making."""

    def __init__(self) -> None:
        self.con = connect()
        create_schemas(self.con)
        create_macros(self.con, ROOT / "sql" / "macros")
        create_records(self.con, ROOT / "sql" / "records")
        self.con.execute(TABLES)
        self.people: list[list[object]] = []
        self.results: list[list[object]] = []
        self.findings: list[list[object]] = []
        self.rules = 0

    def insert(self, table: str, **row: object) -> None:
        names = ", ".join(f'"{name}"' for name in row)
        self.con.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))

    def rule(self, rule_id: str, **about: object) -> None:
        self.rules += 1
        row: dict[str, object] = {
            "rule_id": rule_id, "pack": "leg_cramps", "companion": about.get("pack") == "companion", "position": self.rules, "title": f"Title of {rule_id}",
            "status": "published", "kind": "safety", "severity": "high", "statements": ["S01"], "question": "Is it so?",
            "why": "Because.\n\nAnd so.", "action": "Call.", "false_alarms": "Few.", "references": ["A source."],
            "conflicts": [f"Another source disagrees with {rule_id}."], "needs": ["patients"], "uses": ["diagnoses"],
            "unit": "exposures", "act_within": 30, "message": "{x}", "distribution": [], "written_by": "A", "checked_by": "B",
            "reviewed_on": date(2026, 1, 1), "review_due": date(2027, 1, 1), "version": f"1.{self.rules}.0",
            "run_status": "run", "horizon": AS_OF, "seconds": 0.1,
        }  # fmt: skip
        self.insert("audit.rules", **{**row, **about})

    def units(self, rule_id: str, outcome: str, count: int, day: date = date(2026, 5, 10), **options: Any) -> None:
        """Add units, each of a patient of its own unless `patients` says how many share them; findings are open."""
        first, patients = len(self.results), options.get("patients", count)
        for number in range(first, first + count):
            patient = options.get("patient", f"canary-{first + (number - first) % max(patients, 1):06d}")
            unit, severity = f"{patient}|{number}", options.get("severity", "high") if outcome == "finding" else None
            message = options.get("message", f"Sentence of {number}.") if outcome == "finding" else None
            reason, place, who = options.get("reason", f"{outcome} it is"), options.get("place", "F1"), "D1"
            self.people.append([patient, date(1950, 1, 1), "female", place])
            evidence = options.get("evidence", "{}")
            self.results.append([rule_id, unit, patient, day, outcome, severity, reason, place, who, evidence, message])
            if outcome == "finding":
                self.findings.append([
                    f"id{number}", rule_id, "1.0.0", patient, unit, day, severity, True, RUN_ID, RUN_ID,
                    options.get("state", "new"), None, place, who, reason, message, "{}",
                ])  # fmt: skip

    def publish(self, disclosure: str = "cms11", accept_gate: str | None = None) -> duckdb.DuckDBPyConnection:
        self.insert(
            "audit.runs", daily_cap=500, run_id=RUN_ID, as_of=AS_OF, started_at=datetime(2026, 7, 1, 2, 15), source="native",  # noqa: DTZ001
            extract_name="extract", code_version="0.1.0", site_name="St Elsewhere", disclosure=disclosure,
            accept_gate=accept_gate,
        )  # fmt: skip
        for feed in ("patients", "prescriptions", "labs", "procedures"):
            present = feed != "procedures"
            self.insert("facts.feeds", feed=feed, present=present, watermark=date(2026, 6, 29) if present else None)
            if present:
                self.insert(
                    "audit.batches", batch_id=feed, feed=feed, file=f"{feed}.csv", sha256="ab" * 32, rows_read=1234,
                    rows_loaded=1230, rows_quarantined=3, rows_superseded=1, watermark=date(2026, 6, 29), run_id=RUN_ID,
                )  # fmt: skip
        people = {str(row[0]): row for row in self.people}
        tables = {"facts.people": list(people.values()), "audit.results": self.results, "audit.findings": self.findings}
        for table, rows in tables.items():
            if rows:
                # A column at a time: row by row takes a hundred times as long.
                columns = [list(column) for column in zip(*rows, strict=True)]
                self.con.execute(f"INSERT INTO {table} SELECT {', '.join(['unnest(?)'] * len(columns))}", columns)
        build_schema(self.con, ROOT / "sql" / "marts", {"as_of": AS_OF, "disclosure": disclosure, "run_id": RUN_ID})
        return self.con


def records(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    con.execute(query)
    names = [column[0] for column in con.description or []]
    return [dict(zip(names, row, strict=True)) for row in con.fetchall()]


def typical() -> Published:
    """Rules of every sort: full, small, hostile, documentation, companion and not run."""
    house = Published()
    house.rule("full", title=HOSTILE)
    for month in range(1, 7):
        for outcome, count in zip(NAMES, (month * 4, 40, 12, 0, 3 if month == 6 else 0), strict=True):
            house.units("full", outcome, count, date(2026, month, 10), place=f"F{month % 3}", severity="moderate")
    house.rule("small")
    house.units("small", "finding", 3, message=HOSTILE, severity="critical", state="persisting")
    house.units("small", "clear", 70)
    house.units("small", "excluded", 15, reason="under 18")
    house.units("small", "excluded", 2, reason="died of <b>something</b>")
    house.units("small", "finding", 1, patient="canary-000000", severity="low")
    house.rule("rates_only", kind="documentation")
    house.units("rates_only", "finding", 30)
    house.rule("absent", run_status="not_run", not_run_reason="The feed procedures was not delivered.")
    house.rule("companion_rule", pack="companion")
    house.rule("empty")
    house.insert(
        "audit.parameters", rule_id="full", name="min_age", default_value="65", value="70", unit="years", chosen_by="P&T",
        why="Ours.",
    )  # fmt: skip
    house.insert(
        "audit.guideline", statement_id="S01", statement="Do this.", cover="C", rules=["full", "unwritten_rule"],
        missing_rules=["unwritten_rule"],
    )  # fmt: skip
    house.insert("audit.guideline", statement_id="S03", statement="Ice helps.", cover="N", why_not="Never recorded.")
    house.insert(
        "audit.evidence", finding_id="id0", feed="labs", source_id="L1", date=date(2026, 1, 2), says=HOSTILE,
        file="labs.csv", line=7,
    )  # fmt: skip
    house.insert(
        "audit.quarantine", run_id=RUN_ID, feed="labs", file="labs.csv", line=9, row_id="canary-row", column_name="value",
        value="canary-value", reason="not a number", raw="canary-raw",
    )  # fmt: skip
    doubtful(house)
    for passed in (True, False):
        house.insert(
            "audit.quality", feed="labs", check_name="rows without this fault", column_name="value", reason="not a number",
            critical=not passed, passed=passed, failed_rows=0 if passed else 3, checked_rows=1234, note="3 of 1,234",
        )  # fmt: skip
    house.insert(
        "audit.quality", feed="labs", check_name="every line can be read", critical=False, passed=False, failed_rows=1,
        checked_rows=1, note="lines that could not be read: 12",
    )  # fmt: skip
    return house


def doubtful(house: Published) -> None:
    """What the pages on data quality show: names in doubt, doses, units, a missed floor and a refused file."""
    name = {"drug_name": f"canary {HOSTILE}", "drug_code": "1", "drug_code_system": "local"}
    house.insert("audit.near_names", **name, near_to="baclofen", because="part of a word", prescriptions=3, administrations=0)
    house.insert("audit.code_conflicts", **name, ingredient="quinine", prescriptions=7, administrations=0)
    for method, patients in (("sig", 300), ("unknown", 4)):
        house.insert("audit.dose_methods", ingredient="baclofen", route_group="oral", dose_method=method, prescriptions=1400 + patients,
                     patients=patients)  # fmt: skip
    units = (
        ("mg/dL", "mg/dL", 5000, 4000),
        ("MG/DL", "mg/dL", 11, 3),
        ("canary unit", None, 700, 300),
        ("umol/L", "umol/L", 60, 9),
    )
    for unit, ucum, results, patients in units:
        house.insert("audit.lab_units", analyte="creatinine", unit=unit, ucum=ucum, results=results, usable=results - 1,
                     patients=patients)  # fmt: skip
    house.insert("audit.coverage", rule_id="absent", feed="labs", figure="f", what="Creatinine with a unit", part=72, whole=100,
                 at_least=0.9, met=False)  # fmt: skip
    house.insert("audit.refused", feed="procedures", reason="The file procedures.csv is empty.")


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with typical().publish(accept_gate="the lab <i>interface</i> was down") as opened:
        yield opened


@pytest.fixture(scope="module")
def out(con: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    written = render(con, ROOT / "reports", folder)
    assert sorted(written) == sorted(p for p in folder.rglob("*") if p.is_file())
    return folder


def pages(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text(encoding="utf-8") for p in sorted(folder.rglob("*.html"))}


class Outline(HTMLParser):
    """What a page is made of; says so when a tag is not closed where it must be."""

    VOID = frozenset({"meta", "img", "br", "hr", "link", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


# The numbers


def test_every_mart_documents_its_columns(con: duckdb.DuckDBPyConnection) -> None:
    for file in (file for layer in layers(ROOT / "sql" / "marts") for file in layer):
        columns = [row["column_name"] for row in records(con, f"DESCRIBE mart.{file.table}")]
        assert list(file.column_comments) == columns, file.path
        assert file.comment, file.path


def test_outcomes_add_up_to_all_units(con: duckdb.DuckDBPyConnection) -> None:
    total = "units = denominator + excluded + not_evaluable + pending AND denominator = numerator + clear"
    for table in ("rule_summary", "rule_month", "rule_facility", "rule_prescriber", "rule_stratum"):
        wrong = records(con, f"SELECT * FROM mart.{table} WHERE NOT ({total})")
        assert wrong == [], table
        units = records(con, f"SELECT sum(units) AS n FROM mart.{table}")
        assert units == records(con, "SELECT count(*) AS n FROM audit.results"), table


def test_a_month_without_a_unit_is_a_zero_and_a_rule_not_run_has_no_number(con: duckdb.DuckDBPyConnection) -> None:
    house = Published()
    house.rule("gap")
    house.units("gap", "clear", 1, date(2026, 1, 31))
    house.units("gap", "clear", 1, date(2026, 4, 1))
    months = records(house.publish(), "SELECT strftime(month, '%m') AS month, units FROM mart.rule_month ORDER BY month")
    assert [(m["month"], m["units"]) for m in months] == [("01", 1), ("02", 0), ("03", 0), ("04", 1)]
    summary = {row["rule_id"]: row for row in records(con, "SELECT * FROM mart.rule_summary")}
    assert summary["empty"]["units"] == 0
    assert summary["absent"]["units"] is None


def test_worklist_ranks_by_severity_newness_and_date() -> None:
    house = Published()
    house.rule("r")
    house.rule("rates", kind="descriptive")
    for severity, state, day in (
        ("high", "persisting", 20), ("info", "new", 25), ("high", "new", 5), ("high", "new", 6), ("critical", "persisting", 1),
    ):  # fmt: skip
        house.units("r", "finding", 1, date(2026, 6, day), severity=severity, state=state)
    house.units("r", "finding", 1, severity="critical", state="exempt")
    house.units("rates", "finding", 1)
    rows = records(house.publish(), "SELECT severity, state, day(index_date) AS day, days_since FROM mart.worklist ORDER BY rank")
    assert [(r["severity"], r["state"], r["day"]) for r in rows] == [
        ("critical", "persisting", 1), ("high", "new", 6), ("high", "new", 5), ("high", "persisting", 20), ("info", "new", 25),
    ]  # fmt: skip
    assert rows[0]["days_since"] == 29


def test_a_bar_is_full_and_shows_nothing_of_a_hidden_count() -> None:
    row = {"numerator": 3, "clear": 2000, "excluded": None, "not_evaluable": 0, "pending": 7}
    shown = {f"{name}_shown": str(value) for name, value in row.items()}
    parts = bar({**row, **shown})
    assert sum(part.width for part in parts) == pytest.approx(100, abs=0.05)
    assert [part.start for part in parts] == pytest.approx([sum(p.width for p in parts[:i]) for i in range(5)], abs=0.05)
    assert [part.is_hidden for part in parts] == [False, False, True, False, False]
    assert bar({**dict.fromkeys(OUTCOMES, 0), **shown}) == []


# Disclosure


def test_small_counts_are_hidden_and_zeros_are_not(con: duckdb.DuckDBPyConnection) -> None:
    small = records(con, "SELECT * FROM mart.public_rule_summary WHERE rule_id = 'small'")[0]
    assert (small["numerator"], small["numerator_shown"], small["rate"]) == (None, "<11", None)
    assert (small["clear"], small["pending"], small["pending_shown"]) == (70, 0, "0")
    assert (small["units"], small["units_shown"], small["denominator_shown"]) == (None, "at least 88", "at least 71")


def test_policies() -> None:
    house = typical()
    con = house.publish("none")
    row = records(con, "SELECT numerator, rate FROM mart.public_rule_summary WHERE rule_id = 'small'")[0]
    assert row == {"numerator": 4, "rate": 4 / 74}
    con = typical().publish("round5")
    row = records(con, "SELECT numerator_shown, clear, excluded FROM mart.public_rule_summary WHERE rule_id = 'small'")[0]
    assert row == {"numerator_shown": "<8", "clear": 70, "excluded": 15}
    assert records(con, "SELECT * FROM mart.public_cell WHERE units % 5 <> 0") == []
    with pytest.raises(duckdb.Error, match="Unknown disclosure policy"):
        typical().publish("all")


def test_many_units_of_few_patients_are_small() -> None:
    house = Published()
    house.rule("r")
    house.units("r", "finding", 40, patients=10)
    house.units("r", "clear", 40, patients=11)
    row = records(house.publish(), "SELECT numerator_shown, clear_shown FROM mart.public_rule_summary")[0]
    assert row == {"numerator_shown": "<11", "clear_shown": "40"}


def test_rare_reasons_are_put_together(con: duckdb.DuckDBPyConnection) -> None:
    rows = records(con, "SELECT reason, units FROM mart.public_rule_reason WHERE rule_id = 'small'")
    assert rows == [{"reason": "other reasons", "units": 17}]


def crowd(seed: int) -> Published:
    """Forty rules with counts of every size by month and place; every other one counts the same units as the one before."""
    dice, house = random.Random(seed), Published()
    for number in range(20):
        sizes = dice.choice([(0, 0, 3), (0, 2, 9), (12, 15, 4), (25, 60, 5), (11, 11, 0), (0, 0, 30)])
        twins = [f"rule{number}a", f"rule{number}b"]
        for twin in twins:
            house.rule(twin)
        for month in range(1, dice.randint(2, 6)):
            for place in ("F1", "F2"):
                count = dice.choice(sizes) + dice.choice(sizes)
                for twin in twins:
                    first = dice.randint(0, count)
                    split = dice.choice([{"clear": count}, {"finding": first, "clear": count - first}, {"pending": count}])
                    for outcome, units in split.items():
                        house.units(twin, outcome, units, date(2026, month, 10), place=place)
    return house


Cell = tuple[str, str, str, str]
Equation = tuple[dict[Cell, int], int]


def published_cells(con: duckdb.DuckDBPyConnection) -> dict[Cell, dict[str, Any]]:
    """Return every count that the dashboard prints, or says that it hides: units and status, by rule, place and outcome."""
    rows = records(con, "SELECT 'all' AS breakdown, 'all' AS cell, * FROM mart.public_outcome")
    rows += records(con, "SELECT * FROM mart.public_cell")
    return {(r["rule_id"], r["breakdown"], r["cell"], r["outcome"]): r for r in rows}


def known_sums(con: duckdb.DuckDBPyConnection, cells: Iterable[Cell], *, knows_twins: bool) -> list[Equation]:
    """Write down what an attacker knows to be equal: sums of cells, of outcomes, and (twins) units that two rules count."""
    columns: dict[Cell, dict[Cell, int]] = defaultdict(dict)
    rows: dict[tuple[str, str, str], dict[Cell, int]] = defaultdict(dict)
    for key in cells:
        rule, breakdown, cell, outcome = key
        rows[rule, breakdown, cell][key] = 1
        if breakdown != "all":
            columns[rule, breakdown, "", outcome] |= {key: 1, (rule, "all", "all", outcome): -1}
    sums: list[Equation] = [(terms, 0) for terms in columns.values()]
    for r in records(con, "SELECT rule_id, units, denominator FROM mart.public_rule_summary"):
        parts = rows[r["rule_id"], "all", "all"]
        judged = {key: 1 for key in parts if key[3] in ("finding", "clear")}
        sums += [(terms, r[name]) for name, terms in (("units", parts), ("denominator", judged)) if r[name] is not None]
    for (rule, *place), parts in rows.items() if knows_twins else ():
        twin = rows.get((rule[:-1] + "b", place[0], place[1]), {}) if rule.endswith("a") else {}
        sums += [({**parts, **dict.fromkeys(twin, -1)}, 0)] if twin else []
    return sums


def published_equations(con: duckdb.DuckDBPyConnection, *, knows_twins: bool) -> tuple[list[Equation], dict[Cell, str]]:
    """Put what is printed into the sums: equations of the hidden counts alone, and each hidden count's status."""
    cells = published_cells(con)
    hidden = {key: str(row["status"]) for key, row in cells.items() if row["units"] is None}
    equations: list[Equation] = []
    for terms, total in known_sums(con, cells, knows_twins=knows_twins):
        rest = total - sum(sign * (cells[key]["units"] or 0) for key, sign in terms.items())
        equations.append(({key: sign for key, sign in terms.items() if key in hidden}, rest))
    return equations, hidden


def solved(equations: list[Equation]) -> set[Cell]:
    """Return the cells whose value follows from the equations (Gauss-Jordan, in fractions)."""
    pivots: dict[Cell, dict[Cell, Fraction]] = {}
    for terms, _ in equations:
        row = {key: Fraction(sign) for key, sign in terms.items()}
        for pivot in [key for key in row if key in pivots]:
            row = combined(row, pivots[pivot], row[pivot])
        if not row:
            continue
        lead = next(iter(row))
        row = {key: value / row[lead] for key, value in row.items()}
        pivots = {key: combined(other, row, other[lead]) if lead in other else other for key, other in pivots.items()}
        pivots[lead] = row
    return {key for key, row in pivots.items() if len(row) == 1}


def combined(row: dict[Cell, Fraction], other: dict[Cell, Fraction], times: Fraction) -> dict[Cell, Fraction]:
    mixed = {key: row.get(key, Fraction(0)) - times * other.get(key, Fraction(0)) for key in {**row, **other}}
    return {key: value for key, value in mixed.items() if value}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_sum_gives_a_small_count_back(seed: int) -> None:
    con = crowd(seed).publish()
    counts = records(con, "SELECT * FROM mart.outcome_count WHERE breakdown <> 'prescriber'")
    truth = {(r["rule_id"], r["breakdown"], r["cell"], r["outcome"]): r["patients"] for r in counts}
    small = {key for key, patients in truth.items() if 1 <= patients <= 10}
    for knows_twins in (False, True):
        equations, hidden = published_equations(con, knows_twins=knows_twins)
        assert any(status == "withheld" for status in hidden.values())
        assert small <= hidden.keys()
        assert small & solved(equations) == set()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_small_count_can_be_anything_from_1_to_10(seed: int) -> None:
    """Bounds give nothing away either: beside a count shown as <11 always stands one that can take up the difference."""
    equations, hidden = published_equations(crowd(seed).publish(), knows_twins=False)
    for terms, total in equations:
        small = [key for key in terms if hidden[key] == "small"]
        if small and all(sign == 1 for sign in terms.values()):
            assert any(hidden[key] == "withheld" for key in terms)
            assert total - 10 - (len(small) - 1) >= 11


def test_months_of_a_small_count_do_not_tell_how_many_are_not_zero() -> None:
    """Ten months of one finding each, told apart from the months of none, would add up to the ten that is hidden."""
    house = Published()
    house.rule("r")
    for month in range(1, 11):
        house.units("r", "finding", 1, date(2025, month, 10))
    house.units("r", "clear", 30, date(2025, 12, 10))
    con = house.publish()
    statuses = records(con, "SELECT DISTINCT status FROM mart.public_cell WHERE breakdown = 'month' AND outcome = 'finding'")
    assert statuses == [{"status": "withheld"}]


def test_a_rule_with_the_same_units_does_not_give_a_small_count_back() -> None:
    house = Published()
    for rule, counts in {"open_book": {"finding": 20, "clear": 80}, "closed": {"finding": 4, "clear": 96}}.items():
        house.rule(rule)
        for outcome, count in counts.items():
            house.units(rule, outcome, count)
    rows = {r["rule_id"]: r for r in records(house.publish(), "SELECT * FROM mart.public_rule_summary")}
    assert rows["open_book"]["units"] == 100
    assert (rows["closed"]["numerator_shown"], rows["closed"]["clear_shown"]) == ("<11", "withheld")


# The pages


def test_pages_are_sound_documents(out: Path) -> None:
    found = pages(out)
    kinds = Counter(name.rpartition("/")[0] for name in found)
    assert kinds == {
        "dashboard": 3, "dashboard/rules": 6, "dashboard/facilities": 3, "worklist": 2, "worklist/rules": 5,
        "worklist/facilities": 3, "worklist/prescribers": 1,
    }  # fmt: skip
    for name, text in found.items():
        page = Outline(text)
        assert page.all("html")[0]["lang"] == "en-GB", name
        for tag in ("h1", "main", "header", "footer", "nav"):
            assert len(page.all(tag)) == 1, (name, tag)
        assert re.search(r"<title>[^<]+ · St Elsewhere · 2026-06-30</title>\n<style>", text), name
        assert all(a.get("scope") for a in page.all("th")), name
        assert len(page.all("caption")) == len(page.all("table")), name
        ids = [a["id"] for _, a in page.tags if "id" in a]
        assert len(ids) == len(set(ids)), name
        assert {a["href"] for a in page.all("a")} >= {"#content"}, name


def test_links_lead_to_pages_that_are_there(out: Path) -> None:
    for name, text in pages(out).items():
        for link in Outline(text).all("a"):
            target, _, anchor = str(link["href"]).partition("#")
            path = (out / name).parent / target if target else out / name
            assert path.resolve().is_file(), (name, link["href"])
            if anchor:
                assert f'id="{anchor}"' in path.read_text(encoding="utf-8"), (name, link["href"])


def test_a_page_needs_and_allows_nothing_from_outside(out: Path) -> None:
    for name, text in pages(out).items():
        page = Outline(text)
        assert not re.search(r"https?://|//[a-z]|@import|url\((?!#)", text.replace("</", "")), name
        assert {tag for tag, _ in page.tags}.isdisjoint({"img", "link", "iframe", "form", "object", "base"}), name
        assert [a for tag, a in page.tags if tag == "script"] == [{}], name
        assert not [key for _, a in page.tags for key in a if key.startswith("on") or key == "style"], name
        parts = (text.split(f"<{tag}>")[1].split(f"</{tag}>")[0] for tag in ("style", "script"))
        style, script = (base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in parts)
        policy = str(page.all("meta")[1]["content"])
        allowed = f"style-src 'sha256-{style}'; script-src 'sha256-{script}'"
        assert policy == f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'", name


def test_hostile_text_is_only_text(out: Path) -> None:
    found = pages(out)
    told = [name for name, text in found.items() if "&lt;script&gt;alert(1)&lt;/script&gt;" in text]
    assert {"dashboard/index.html", "worklist/index.html", "worklist/rules/small.html", "worklist/rules/full.html"} <= set(told)
    for name, text in found.items():
        assert text.count("<script") == 1, name
        assert "\x07" not in text, name
        assert "49" not in re.findall(r"evil.{0,60}", text), name


def test_every_page_tells_its_origin_and_the_override(out: Path) -> None:
    for name, text in pages(out).items():
        origin = (RUN_ID, "30 June 2026", "labs: up to 2026-06-29", "procedures: not delivered", "<code>full</code> 1.1.0")
        for said in (*origin, "<code>cms11</code>"):
            assert said in text, (name, said)
        assert "The quality gate was overridden for this run." in text, name
        assert "the lab &lt;i&gt;interface&lt;/i&gt; was down" in text, name


def test_without_an_override_there_is_no_banner(tmp_path: Path) -> None:
    render(typical().publish(), ROOT / "reports", tmp_path)
    assert not [name for name, text in pages(tmp_path).items() if "overridden" in text]


def test_an_override_that_was_not_needed_is_told_as_one(tmp_path: Path) -> None:
    render(Published().publish(accept_gate="to be sure"), ROOT / "reports", tmp_path)
    for name, text in pages(tmp_path).items():
        assert "set to be overridden for this run" in text, name
        assert "No critical check failed" in text, name


def test_the_dashboard_names_no_patient_and_no_value(out: Path) -> None:
    for name, text in pages(out / "dashboard").items():
        assert "canary" not in text, name
        assert "worklist" not in text.lower(), name
    assert "canary-000000" in (out / "worklist" / "index.html").read_text(encoding="utf-8")
    assert all("Contains patient identifiers." in text for text in pages(out / "worklist").values())


def test_data_quality_counts_what_is_in_doubt_and_only_the_care_team_reads_it(out: Path) -> None:
    shared = (out / "dashboard" / "data-quality.html").read_text(encoding="utf-8")
    assert '<td class="n">3</td><td class="n">1,234</td>' in shared
    assert '<td class="n" colspan="2">the whole delivery</td><td>lines that could not be read: 12</td>' in shared
    for said in (
        "part of a word (1)", "code and name disagree; the code is followed (1)", "1,700", "mg/dL 5,011",
        "not understood 700", 'umol/L <span class="mark">&lt;11</span>', "some values contradict it", "Creatinine with a unit", "90.0%", "72.0%",
        "The file procedures.csv is empty.",
    ):  # fmt: skip
        assert said in shared, said
    private = (out / "worklist" / "data-quality.html").read_text(encoding="utf-8")
    for said in ("canary &lt;script", "canary unit", ">1,404</td>", "not understood", "near to a listed drug"):
        assert said in private, said


def test_a_rule_that_was_not_run_says_so_everywhere(out: Path) -> None:
    for name in ("dashboard/index", "dashboard/rules/absent", "worklist/index", "worklist/rules/absent"):
        text = (out / f"{name}.html").read_text(encoding="utf-8")
        assert "Not run" in text, name
        assert "The feed procedures was not delivered." in text, name
    assert not (out / "worklist" / "rules" / "rates_only.html").exists()


def test_a_rule_page_prints_conflicts_and_parameters_in_force(out: Path) -> None:
    text = (out / "dashboard" / "rules" / "full.html").read_text(encoding="utf-8")
    parameter = ("min_age", "<strong>70</strong>", "P&amp;T")
    for said in ("Another source disagrees with full.", *parameter, "Do this.", "1 January 2027"):
        assert said in text, said
    assert "not written yet" in (out / "dashboard" / "guideline.html").read_text(encoding="utf-8")


def test_every_card_says_what_to_do_and_leads_to_the_false_alarms(out: Path) -> None:
    cards = [out / "worklist" / "index.html", *(out / "worklist").glob("facilities/*"), *(out / "worklist").glob("prescribers/*")]
    for path in cards:
        text = path.read_text(encoding="utf-8")
        findings = text.count('<p class="said">')
        assert findings > 0
        assert len(re.findall(r'<strong>What to do:</strong> Call\. <a href="[^"]+#false-alarms">', text)) == findings, path
    own = (out / "worklist" / "rules" / "small.html").read_text(encoding="utf-8")
    # On paper nothing can be unfolded: it is open.
    assert "Few." in re.sub(r"<details>.*?</details>", "", own, flags=re.DOTALL)


def test_months_that_may_still_change_are_marked_in_words(tmp_path: Path) -> None:
    house = Published()
    house.rule("full")
    for month in range(1, 7):
        house.units("full", "clear", 40, date(2026, month, 10))
    house.units("full", "pending", 3, date(2026, 5, 10))
    with house.publish("none") as con:
        con.execute("UPDATE mart.rule_month SET is_over = FALSE WHERE month = DATE '2026-06-01'")
        render(con, ROOT / "reports", tmp_path)
    text = (tmp_path / "dashboard" / "rules" / "full.html").read_text(encoding="utf-8")
    months = re.findall(r'<th scope="row" class="date">(\w+ 2026)(?:<div class="under">([^<]+)</div>)?</th>', text)
    assert [said for _, said in months] == ["", "", "", "", "provisional", "not over yet"]


def test_a_count_in_words_has_its_thousands_apart() -> None:
    assert [apart(said) for said in ("at least 1736", "<11", "withheld", "1234567", "999")] == [
        "at least 1,736", "<11", "withheld", "1,234,567", "999"
    ]  # fmt: skip


def test_a_patient_with_several_findings_stands_once(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    several = records(con, "SELECT patient_id FROM mart.worklist GROUP BY patient_id HAVING count(*) > 1 ORDER BY patient_id")
    assert several
    text = (out / "worklist" / "index.html").read_text(encoding="utf-8")
    for row in several:
        assert text.count(f"<h3><bdi>{row['patient_id']}</bdi>") == 1


def test_a_finding_shows_the_rows_behind_it(out: Path) -> None:
    text = (out / "worklist" / "rules" / "full.html").read_text(encoding="utf-8")
    assert "<bdi>labs.csv</bdi>, line 7" in text


def test_only_the_owner_may_enter_the_worklist(out: Path) -> None:
    for area, folder_mode, mode in (("worklist", 0o700, 0o600), ("dashboard", 0o755, 0o644)):
        assert (out / area).stat().st_mode & 0o777 == folder_mode
        for path in (out / area).rglob("*"):
            assert path.stat().st_mode & 0o777 == (folder_mode if path.is_dir() else mode), path


def test_no_cell_of_the_table_is_a_formula(out: Path, tmp_path: Path) -> None:
    with (out / "worklist" / "findings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["rank"]) for row in rows] == list(range(1, len(rows) + 1))
    house = Published()
    house.rule("r")
    for start in ("=", "+", "-", "@", "\t=", "\r=", "＝", "＋", "－", "＠"):
        house.units("r", "finding", 1, message=f'{start}cmd|"/c calc"!A1, "quoted"\nline')
    render(house.publish(), ROOT / "reports", tmp_path)
    with (tmp_path / "worklist" / "findings.csv").open(encoding="utf-8", newline="") as file:
        messages = [row["message"] for row in csv.DictReader(file)]
    assert len(messages) == 10
    assert all(message.startswith("'") for message in messages)
    assert harmless(-3) == -3


def test_a_name_that_is_a_path_is_refused() -> None:
    assert safe_name("baclofen_abrupt_stop") == "baclofen_abrupt_stop"
    with pytest.raises(NightroundsError, match="cannot be a page's file name"):
        safe_name("../../etc/passwd")


def test_every_query_of_the_pages_has_an_order() -> None:
    one_row = {"dashboard/index/coverage", "dashboard/index/dates", "worklist/index/totals"}
    for path in sorted((ROOT / "reports").rglob("*.sql")):
        name = path.relative_to(ROOT / "reports").with_suffix("").as_posix()
        assert name in one_row or "ORDER BY" in SqlFile(path).text.rpartition("FROM ")[2], name


def test_a_query_is_asked_once_and_its_rows_go_to_the_pages_that_they_belong_to() -> None:
    each = [{"rule_id": "a", "part": 1}, {"rule_id": "a", "part": 2}, {"rule_id": "b", "part": 1}]
    of_rule = [{"rule_id": "a", "n": 1}, {"rule_id": "a", "n": 2}]
    of_part = [{"n": number, **page} for number, page in enumerate(each)]
    pick = by_page(of_rule, each)
    assert [pick(page) for page in each] == [of_rule, of_rule, []]
    pick = by_page(of_part, each)
    assert [pick(page) for page in each] == [[row] for row in of_part]
    # What has no column of the pages' is for all of them.
    assert by_page([{"n": 1}], each)(each[0]) == by_page([{"n": 1}], [{}])({}) == [{"n": 1}]
    assert by_page([], each)(each[0]) == by_page([], [])({}) == []
    assert [path for path in (ROOT / "reports").rglob("*.sql") if SqlFile(path).parameters] == []
