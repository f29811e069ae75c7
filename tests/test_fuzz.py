"""Whatever is in a file, loading it never breaks, loses no row, and does nothing when it is done again.

Hypothesis invents the texts: cells, quotes, line ends, odd dates and numbers, damaged bytes. Rows are then put together from
them in great number, some hundred thousand in all, since a text that is harmless alone may not be so beside another.
"""

import csv
import gzip
import io
import os
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import nightrounds.duckdb_dialect  # noqa: F401 - lets go of DuckDB when Python ends, whatever Hypothesis still holds
from nightrounds.carefully import read_carefully
from nightrounds.database import connect
from nightrounds.extracts import load
from nightrounds.project import find_project
from nightrounds.rawtables import create_raw_table, inspect
from nightrounds.run import Run, new_run
from nightrounds.site import Site
from nightrounds.sources import FEEDS, load_source

PROJECT = find_project()
SOURCE = load_source(PROJECT.sql / "sources" / "native")
ROWS = 1_400  # in each of the 24 files of an extract
STEADY = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
# A file with its delimiter, its line end and whether everything is quoted; or another format.
PARTS = {"1.csv": (",", "\n", False), "2.csv.gz": (";", "\r\n", True), "3.parquet": None}

# Texts that have broken readers, typers and pages before.
ODD = [
    "", " ", '"', '""', '","', "a\nb", "\n", "\r\n", "a\rb", ",", ";", "\t", "|", "'", "\\", "\\N", "NULL", "nan", "NaN", "inf",
    "-Infinity", "1e308", "1e999", "-0", "+5", "5.", ".5", "1,5", "1.234,5", "1_000", "0x10", "9" * 400, "1e-400", "٣", "½",
    "2026-02-30", "0001-01-01", "9999-12-31", "99999-01-01", "-0044-03-15", "290309-12-22", "infinity", "epoch", "today",
    "2026-01-10T24:00:00", "2026-01-10T08:00:00+25:00", "2026-01-10 08:00:00.123456789Z", "2026-01-10T08:00:60", "03/04/2026",
    "=1+1", "@cmd", "<script>", "{}", '{"a": [1]}', "'; DROP TABLE extracts.labs; --", "{0}", "%s", "$as_of", "\ufeff", "\u2028",
    "\u00a0", "\u202e", "😀", "e\u0301", "İ", "ß", "\x01", "\x1a", "\x7f", "x" * 5000, "true", "TRUE", "f", ">60", "<", ">=", "≥ 5",
]  # fmt: skip
# What each column usually holds, so that a good part of the rows is loaded; ids are few, so that many come twice.
DAYS = [f"20{year}-0{month}-1{day}" for year in (24, 25) for month in (1, 4, 9) for day in range(10)]
USUAL: dict[str, list[str]] = {
    "patient_id": [f"p{n}" for n in range(60)],
    "birth_date": ["1950-02-03", "1961-10-30"], "sex": ["female", "male", "other", "unknown", "Female"],
    "drug_name": ["baclofen 10 mg tablet", "quinine sulfate 324 mg", "Magnesium Oxide 400 mg", "aspirin"],
    "drug_code": ["1292", "997010", ""], "drug_code_system": ["rxnorm", "local", ""], "route": ["oral", "po", ""],
    "status": ["active", "stopped", "final", "cancelled", ""], "class": ["inpatient", "outpatient"],
    "test_name": ["Creatinine", "eGFR", "Platelet count", "Hemoglobin"], "test_code": ["2160-0", "", "x"],
    "test_code_system": ["loinc", "local", ""], "value": ["1.1", ">60", "hemolyzed", "210"], "unit": ["mg/dL", "K/uL", "mL/min", ""],
    "code": ["R25.2", "N18.4", "90935"], "code_system": ["icd10cm", "snomed", "cpt"], "days_supply": ["30", "90", ""],
    "quantity": ["30", "1e2", ""], "daily_dose_mg": ["10", "30.5", ""], "as_needed": ["true", "false", ""],
    "dialysate_buffer": ["acetate", ""], "cramps": ["true", ""], "hypotension": ["false", ""], "deleted": ["", "", "", "false", "true"],
}  # fmt: skip

cells = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12))


def usual(feed: str, column: str) -> list[str]:
    """Ordinary texts of a column."""
    if column == next(iter(SOURCE[feed].needs[feed])):
        return USUAL.get(column, [f"{feed}{n}" for n in range(2 * ROWS)])
    if column.endswith(("_date", "_at")) and column != "birth_date":
        return DAYS if column in SOURCE[feed].needs[feed] else ["", "", "2025-12-31"]
    return USUAL.get(column, ["", "x", "2"])


def invented(feed: str, odd: list[str], chance: random.Random, share: float) -> Iterator[list[str]]:
    """Rows of a feed in which about `share` of the cells are odd; one in ten comes twice."""
    choices = [usual(feed, column) for column in columns_of(feed)]
    row: list[str] = []
    for _ in range(ROWS):
        if not row or chance.random() > 0.1:
            row = [chance.choice(odd if chance.random() < share else texts) for texts in choices]
        yield row


def columns_of(feed: str) -> list[str]:
    """The columns of a feed, its id first, so that no header is a single cell."""
    needed = SOURCE[feed].needs[feed]
    return [*needed, *sorted(SOURCE[feed].raw_columns[feed] - set(needed))]


def write_part(path: Path, columns: list[str], rows: list[list[str]]) -> None:
    style = next(style for ending, style in PARTS.items() if path.name.endswith(ending))
    if style is None:
        pq.write_table(pa.table([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], names=columns), path)
        return
    text = io.StringIO(newline="")
    writer = csv.writer(
        text, delimiter=style[0], lineterminator=style[1], quoting=csv.QUOTE_ALL if style[2] else csv.QUOTE_MINIMAL
    )
    # Python puts a bare carriage return into quotes only where it ends lines.
    writer.writerows([columns, *([cell if "\r" in style[1] else cell.replace("\r", "") for cell in row] for row in rows)])
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content, 1) if path.name.endswith(".gz") else content)


def write_extract(folder: Path, odd: list[str], seed: int, share: float) -> dict[tuple[str, str], int]:
    """Write every feed in every form; return how many rows were written into each file."""
    chance = random.Random(seed)
    written = {}
    for feed in FEEDS:
        (folder / feed).mkdir(parents=True)
        for part in PARTS:
            rows = list(invented(feed, odd, chance, share / 4 if feed == "patients" else share))
            write_part(folder / feed / f"{feed}-{part}", columns_of(feed), rows)
            written[feed, f"{feed}-{part}"] = len(rows)
    return written


def load_into(out: Path, extract: Path) -> Run:
    started_at = datetime(2026, 3, 1, 2)  # noqa: DTZ001 - UTC by convention
    run = new_run(PROJECT, Site(name="fuzz"), extract, out=out, as_of=date(2026, 3, 1), started_at=started_at)
    with pytest.MonkeyPatch.context() as patch:
        # So few that the ids of a feed are compared in several parts, as those of a hundred million rows are.
        patch.setattr("nightrounds.duplicates.AT_ONCE", 400)
        load(run)
    return run


def counts(run: Run) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    query = "SELECT feed, file, rows_read, rows_loaded, rows_quarantined, rows_superseded FROM audit.batches"
    with connect(run.building) as con:
        quarantined = Counter(con.execute("SELECT feed, file FROM audit.quarantine").fetchall())
        rows = {(row[0], row[1]): row[2:] for row in con.execute(query).fetchall()}
    assert quarantined == Counter({file: row[2] for file, row in rows.items() if row[2]})
    return rows


def differences(run: Run) -> list[str]:
    """Feeds in which the database that was built and the one before it do not hold the same rows."""
    found = []
    with connect(run.building) as con:
        con.execute(f"ATTACH '{run.warehouse}' AS earlier (READ_ONLY)")
        for feed in FEEDS:
            now = f"FROM extracts.{feed}"
            then = f"SELECT * EXCLUDE (faults, deleted) FROM earlier.staging.{feed} WHERE faults IS NULL"
            for one, other in ((now, then), (then, now)):
                if con.execute(f"SELECT count(*) FROM ({one} EXCEPT ALL {other})").fetchall() != [(0,)]:
                    found.append(feed)
    return found


@settings(STEADY, max_examples=3)
@given(st.lists(cells, min_size=40, max_size=80), st.integers(0, 2**32), st.sampled_from([0.02, 0.1]))
def test_no_row_is_lost_and_doing_it_again_changes_nothing(odd: list[str], seed: int, share: float) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        extract, out = Path(scratch) / "extract", Path(scratch) / "out"
        out.mkdir()
        written = write_extract(extract, [*ODD, *odd], seed, share)
        first = load_into(out, extract)
        accounts = counts(first)
        assert {file: row[0] for file, row in accounts.items()} == written
        assert all(read == loaded + quarantined + superseded for read, loaded, quarantined, superseded in accounts.values())
        assert all(sum(row[place] for row in accounts.values()) > 500 for place in range(4))
        for mode in ("snapshot", "delta"):
            os.replace(first.building, first.warehouse)
            (extract / "extract.json").write_text(f'{{"mode": "{mode}", "extracted_at": "2026-03-01"}}', encoding="utf-8")
            again = load_into(out, extract)
            if mode == "snapshot":
                assert counts(again) == accounts
            else:
                # Known by their content: what could be used then is not loaded once more.
                assert {file: row[0] for file, row in counts(again).items()} == written
                assert all(read == quarantined + superseded for read, _, quarantined, superseded in counts(again).values())
            assert differences(again) == []


HEAD = b"a,b,c\n"
fragments = st.sampled_from(
    [b"1", b"x", b"", b'"', b'""', b",", b",,", b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"\xc3", "é".encode(), b" ", b"\t", b";",
     b"1,2,3\n", b'1,"2\n2",3\n', b'"a","b","c"\r\n', b"\n\n", b"\xef\xbb\xbf", b'"a" ,1,2\n', b' "a",1,2\n', b'\\"', b"'", b"#"]
)  # fmt: skip
bodies = st.lists(fragments, max_size=60).map(b"".join)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as opened:
        opened.execute("CREATE SCHEMA raw")
        yield opened


def raw_rows(con: duckdb.DuckDBPyConnection, path: Path) -> tuple[list[tuple[Any, ...]], list[int]]:
    """The rows of a file with their lines, and the lines that are none."""
    file = inspect(con, path)
    create_raw_table(con, "fuzz", ["a", "b", "c"], [file], path.parent)
    return con.execute("SELECT line, a, b, c FROM raw.fuzz ORDER BY line").fetchall(), [bad.line for bad in file.bad_lines]


@settings(STEADY, max_examples=800)
@given(bodies)
@example(b"1,2,3\r4,5,6\n\n")
@example(b"\t\t\n1,2,3\n")
@example(b'1,"2\n2,b,3\n3,"c",4\n')
def test_every_line_of_a_damaged_file_is_in_a_row_or_set_aside(con: duckdb.DuckDBPyConnection, body: bytes) -> None:
    """Lines are counted here by what is in them: a row takes one and one more for each line end in its cells."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "fuzz.csv"
        path.write_bytes(HEAD + body)
        rows, bad = raw_rows(con, path)
    lines = body.split(b"\n")
    taken = [line for line, *_ in rows] + bad
    inside = [line + more for line, *row in rows for more in range(1, "".join(cell or "" for cell in row).count("\n") + 1)]
    blank = [number for number, line in enumerate(lines, start=2) if not line.strip(b" \r")]
    assert len(set(taken)) == len(taken)
    assert set(taken) | set(inside) | set(blank) >= set(range(2, len(lines) + 2))
    assert set(taken).isdisjoint(inside)


@settings(STEADY, max_examples=800)
@given(bodies.filter(lambda body: b'  "' not in body))
@example(b'"" "a",1,2\n')
@example(b'"\t\\"\t\xc3\xa9x"\\",""1,2,3\n')
def test_the_quick_reader_and_the_careful_one_agree(con: duckdb.DuckDBPyConnection, body: bytes) -> None:
    """But for blanks at the ends of a cell, which the contracts take off, and for two of them in front of a quote."""
    with tempfile.TemporaryDirectory() as scratch:
        path, copy = Path(scratch) / "fuzz.csv", Path(scratch) / "careful.parquet"
        path.write_bytes(HEAD + body)
        rows, bad = raw_rows(con, path)
        careful_bad = read_carefully(path, ",", 3, copy)
        careful = con.execute(f"SELECT line, c0, c1, c2 FROM read_parquet('{copy}') ORDER BY line").fetchall()
    assert [trimmed(row) for row in rows] == [trimmed(row) for row in careful]
    assert bad == [line.line for line in careful_bad]


def trimmed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (row[0], *((cell or "").strip(" ") for cell in row[1:]))
