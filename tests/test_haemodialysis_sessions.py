"""Haemodialysis sessions: which sessions count with each one, and what they record.

Every test writes a few sessions by hand, builds the one fact from the project's own SQL, and looks at the last session.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest

from nightrounds.database import connect
from nightrounds.project import find_project
from nightrounds.sqlfiles import SqlFile
from nightrounds.warehouse import build_table, create_macros, create_schemas, fact_parameters

PROJECT = find_project()
FACT = SqlFile(PROJECT.sql / "facts" / "2" / "haemodialysis_sessions.sql")
READ = SqlFile(PROJECT.sql / "facts" / "1" / "dialysis_sessions.sql")
LAST = datetime(2026, 2, 27, 8)  # noqa: DTZ001 (samples carry the site's own time)
TYPES = {"patient_id": "VARCHAR", "row_id": "VARCHAR", "started_at": "TIMESTAMP", "started_on": "DATE", "modality": "VARCHAR"}
TYPES |= {"cramps": "BOOLEAN", "hypotension": "BOOLEAN"}
Row = dict[str, Any]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as con:
        create_schemas(con)
        create_macros(con, PROJECT.sql / "macros")
        columns = ", ".join(f"{name} {TYPES.get(name, 'DOUBLE')}" for name in READ.column_comments)
        con.execute(f"CREATE TABLE facts.dialysis_sessions ({columns})")
        yield con


def session(days_before: int, **more: Any) -> Row:
    """One session of patient `p` so many days before the last one."""
    at = LAST - timedelta(days_before)
    return {"patient_id": "p", "row_id": f"s{days_before:02d}", "started_at": at, "started_on": at.date(), **more}


def last(con: duckdb.DuckDBPyConnection, rows: list[Row]) -> Row:
    """Build the fact and return patient p's session that comes last."""
    for row in rows:
        names, places = ", ".join(row), ", ".join("?" * len(row))
        con.execute(f"INSERT INTO facts.dialysis_sessions ({names}) VALUES ({places})", list(row.values()))
    build_table(con, "facts", FACT, fact_parameters(PROJECT.rules))
    found = con.execute(
        "SELECT * FROM facts.haemodialysis_sessions WHERE patient_id = 'p' ORDER BY started_at DESC, row_id DESC LIMIT 1"
    )
    return dict(zip([name for name, *_ in found.description], found.fetchall()[0], strict=True))


def test_the_thirteen_latest_sessions_count_this_one_among_them(con: duckdb.DuckDBPyConnection) -> None:
    row = last(con, [session(n, cramps=True, hypotension=True) for n in range(14)])
    assert row["counted_ids"] == [f"s{n:02d}" for n in reversed(range(13))]
    assert row["counted_from"] == (LAST - timedelta(12)).date()
    assert (row["sessions_with_cramps"], row["sessions_with_hypotension"]) == (13, 13)


def test_a_session_thirty_days_before_counts_and_one_day_more_does_not(con: duckdb.DuckDBPyConnection) -> None:
    row = last(con, [session(31), session(30), session(0)])
    assert row["counted_ids"] == ["s30", "s00"]


def test_cramps_and_hypotension_are_counted_apart_and_nothing_said_is_no_answer(con: duckdb.DuckDBPyConnection) -> None:
    rows = [
        session(4, cramps=True, hypotension=False),
        session(3, cramps=False),
        session(2, hypotension=True),
        session(1, hypotension=True),
        session(0),
    ]
    row = last(con, rows)
    assert (row["sessions_with_cramps"], row["sessions_asked_of_cramps"]) == (1, 2)
    assert (row["sessions_with_hypotension"], row["sessions_asked_of_hypotension"]) == (2, 3)


def test_every_session_has_its_own_count(con: duckdb.DuckDBPyConnection) -> None:
    last(con, [session(1, cramps=True), session(0, cramps=True)])
    counts = con.execute("SELECT sessions_with_cramps FROM facts.haemodialysis_sessions ORDER BY started_at").fetchall()
    assert counts == [(1,), (2,)]


def test_other_patients_do_not_count(con: duckdb.DuckDBPyConnection) -> None:
    row = last(con, [session(1, patient_id="q", cramps=True), session(0, cramps=False)])
    assert (row["counted_ids"], row["sessions_with_cramps"]) == (["s00"], 0)


def test_sessions_that_begin_together_stand_in_the_order_of_their_ids(con: duckdb.DuckDBPyConnection) -> None:
    row = last(con, [session(0, row_id="b"), session(0, row_id="a"), session(1)])
    assert row["counted_ids"] == ["s01", "a", "b"]


@pytest.mark.parametrize(
    ("modality", "counts"),
    [
        (None, True),
        ("HD", True),
        ("in-centre haemodialysis", True),
        ("HDF", True),
        ("Peritoneal Dialysis", False),
        ("PD", False),
        ("CAPD exchange", False),
        ("APD/CCPD", False),
        ("updated HD", True),
    ],
)
def test_peritoneal_dialysis_is_left_out(con: duckdb.DuckDBPyConnection, modality: str | None, counts: bool) -> None:
    row = last(con, [session(1, modality=modality), session(0)])
    assert (len(row["counted_ids"]) == 2) is counts
