"""The Synthea source (sql/sources/synthea): what a small CSV export written by hand becomes."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

AS_OF = date(2026, 3, 1)
# Five hours behind UTC in winter, so that the day of a moment differs.
ZONE = "America/New_York"
Load = Callable[..., duckdb.DuckDBPyConnection]

EXPORT = {
    "patients.csv": """
        Id | BIRTHDATE  | DEATHDATE            | GENDER
        p1 | 1960-06-15 | 2025-05-05T03:00:00Z | F
        p2 | 1970-01-01 |                      | M
        p3 | 1970-01-01 |                      | X
    """,
    "encounters.csv": """
        Id | START                | STOP                 | PATIENT | ORGANIZATION | PROVIDER | ENCOUNTERCLASS
        e1 | 2024-01-10T12:00:00Z | 2024-01-10T13:00:00Z | p1      | h1           | d1       | ambulatory
        e2 | 2024-01-10T12:00:00Z | 2024-01-10T13:00:00Z | p1      | h1           | d1       | wellness
        e3 | 2024-01-10T12:00:00Z |                      | p1      | h1           | d1       | inpatient
        e4 | 2024-01-10T12:00:00Z |                      | p1      | h1           | d1       | moonlight
        e5 | 2024-01-10T12:00:00Z |                      | p1      | h1           | d1       | snf
    """,
    "medications.csv": """
        START                | STOP                 | PATIENT | ENCOUNTER | CODE   | DESCRIPTION | DISPENSES | REASONCODE | REASONDESCRIPTION
        1983-02-01T03:00:00Z | 2021-02-01T03:00:00Z | p2      | e1        | 314231 | Simvastatin | 457       | 55822004   | Hyperlipidemia
        2024-01-10T12:00:00Z |                      | p2      | e1        | 197391 | baclofen    | 12        |            |
        2024-01-10T12:00:00Z |                      | p2      | e1        | 197391 | baclofen    | 12        |            |
        2024-01-10T12:00:00Z | 2024-01-10T11:00:00Z | p2      | e1        | 999998 | placeholder | 1         |            |
        2024-01-10T12:00:00Z | 2024-01-08T11:00:00Z | p2      | e1        | 999999 | placeholder | 1         |            |
    """,
    "observations.csv": """
        DATE                 | PATIENT | ENCOUNTER | CODE   | DESCRIPTION                              | VALUE | UNITS  | TYPE
        2024-01-10T12:00:00Z | p2      | e1        | 2160-0 | Creatinine                               | 1.1   | mg/dL  | numeric
        2024-01-10T12:00:00Z | p2      | e1        | 8867-4 | Heart rate                               | 70    | /min   | numeric
        2024-01-10T12:00:00Z | p2      | e1        | QALY   | QALY                                     | 33    | a      | numeric
        2024-01-10T12:00:00Z | p2      | e1        | 5803-2 | pH of Urine                              |       |        | text
    """,
    "conditions.csv": """
        START      | STOP       | PATIENT | ENCOUNTER | CODE      | DESCRIPTION
        2024-01-10 | 2024-02-10 | p2      | e1        | 449917004 | Nocturnal leg cramp
    """,
    "procedures.csv": """
        DATE                 | PATIENT | ENCOUNTER | CODE      | DESCRIPTION
        2024-01-10T12:00:00Z | p2      | e1        | 302497006 | Hemodialysis
    """,
    "careplans.csv": """
        Id
        c1
    """,
}


def table(text: str) -> str:
    """A CSV file of a table written with bars and blanks, which is easier to read."""
    out = io.StringIO()
    csv.writer(out).writerows([cell.strip() for cell in line.split("|")] for line in text.strip().splitlines())
    return out.getvalue()


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(table(text), encoding="utf-8")
    return folder


def ask(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return con.execute(query).fetchall()


def reasons(con: duckdb.DuckDBPyConnection, feed: str) -> list[tuple[Any, ...]]:
    """Rows of a feed that are in quarantine, as id, line and reason."""
    return con.execute("SELECT row_id, line, reason FROM audit.quarantine WHERE feed = ? ORDER BY line", [feed]).fetchall()


@pytest.fixture(scope="module")
def synthea(load_extract: Load, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with load_extract(write(tmp_path_factory.mktemp("export"), EXPORT), "synthea", AS_OF, ZONE) as con:
        yield con


def test_patients(synthea: duckdb.DuckDBPyConnection) -> None:
    assert ask(synthea, "SELECT patient_id, sex, death_date::VARCHAR FROM extracts.patients ORDER BY ALL") == [
        ("p1", "female", "2025-05-04"),
        ("p2", "male", None),
    ]
    assert reasons(synthea, "patients") == [("p3", 4, "unknown value")]


def test_courses_are_as_long_as_they_are_and_dispenses_say_nothing(synthea: duckdb.DuckDBPyConnection) -> None:
    rows = ask(
        synthea,
        "SELECT drug_code, start_date::VARCHAR, end_date::VARCHAR, status, days_supply, quantity, indication_code_system, "
        "prescriber_id, facility_id FROM extracts.prescriptions ORDER BY ALL",
    )
    assert rows == [
        ("197391", "2024-01-10", None, "active", None, None, None, "d1", "h1"),
        ("314231", "1983-01-31", "2021-01-31", "completed", None, None, "snomed", "d1", "h1"),
        ("999998", "2024-01-10", "2024-01-10", "completed", None, None, None, "d1", "h1"),
    ]
    assert [told[1:] for told in reasons(synthea, "prescriptions")] == [(6, "start after end")]


def test_copies_without_an_id_are_one(synthea: duckdb.DuckDBPyConnection) -> None:
    counts = "SELECT rows_read, rows_loaded, rows_quarantined, rows_superseded FROM audit.batches WHERE feed = 'prescriptions'"
    assert ask(synthea, counts) == [(5, 3, 1, 1)]


def test_ids_do_not_depend_on_where_a_row_stands(load_extract: Load, tmp_path: Path, synthea: duckdb.DuckDBPyConnection) -> None:
    turned = {}
    for name, text in EXPORT.items():
        head, *rows = text.strip().splitlines()
        turned[name] = "\n".join([head, *reversed(rows)])
    query = (
        "SELECT prescription_id FROM extracts.prescriptions UNION ALL SELECT lab_id FROM extracts.labs "
        "UNION ALL SELECT diagnosis_id FROM extracts.diagnoses UNION ALL SELECT procedure_id FROM extracts.procedures ORDER BY 1"
    )
    with load_extract(write(tmp_path, turned), "synthea", AS_OF, ZONE) as con:
        assert ask(con, query) == ask(synthea, query)


def test_observations(synthea: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT test_code, test_code_system, value, unit, collected_at::VARCHAR FROM extracts.labs ORDER BY ALL"
    assert ask(synthea, query) == [
        ("2160-0", "loinc", "1.1", "mg/dL", "2024-01-10 07:00:00"),
        ("5803-2", "loinc", "no result", None, "2024-01-10 07:00:00"),
        ("8867-4", "loinc", "70", "/min", "2024-01-10 07:00:00"),
        ("QALY", "local", "33", "a", "2024-01-10 07:00:00"),
    ]


def test_conditions_and_procedures_of_older_exports(synthea: duckdb.DuckDBPyConnection) -> None:
    assert ask(synthea, "SELECT code, code_system, resolved_date::VARCHAR FROM extracts.diagnoses") == [
        ("449917004", "snomed", "2024-02-10")
    ]
    assert ask(synthea, "SELECT code, performed_at::VARCHAR FROM extracts.procedures") == [("302497006", "2024-01-10 07:00:00")]


def test_encounters(synthea: duckdb.DuckDBPyConnection) -> None:
    assert ask(synthea, "SELECT encounter_id, class FROM extracts.encounters ORDER BY 1") == [
        ("e1", "outpatient"),
        ("e2", "outpatient"),
        ("e3", "inpatient"),
        ("e5", "outpatient"),
    ]
    assert reasons(synthea, "encounters") == [("e4", 5, "unknown value")]


def test_files_that_are_not_read_are_listed(synthea: duckdb.DuckDBPyConnection) -> None:
    assert ("careplans.csv", None) in ask(synthea, "SELECT * FROM audit.ignored")
