"""The gate: what it asks, on which side of each limit it closes, and that neither a value nor a file escapes from it."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from nightrounds.errors import NightroundsError
from nightrounds.gate import BROKEN, CheckResult, QualityRule, catalogue_of, check, warm_up
from nightrounds.site import Limits

AS_OF = date(2026, 3, 1)
SECRET = "ZZTOP-VALUE"
CONTRACT = """
SELECT lab_id, list_filter([
    fault('value', value, 'not a number', value = 'x'),
    fault('unit', unit, 'unknown {unit}', unit IS NULL),
    fault('value', value, 'not a number', value = 'y')
], lambda f: f IS NOT NULL) AS faults
FROM source.labs
"""
RULES = [QualityRule("labs", "value", "not a number"), QualityRule("labs", "unit", "unknown {unit}")]


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A delivery of 100 labs: none bad, as many as last time, the latest three days old."""
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as opened:
        opened.execute(
            """
            CREATE SCHEMA staging; CREATE SCHEMA extracts; CREATE SCHEMA audit;
            CREATE TABLE staging.labs AS
                SELECT 'lab' || range AS lab_id, range AS line,
                       NULL::STRUCT(column_name VARCHAR, value VARCHAR, reason VARCHAR)[] AS faults FROM range(100);
            CREATE VIEW extracts.labs AS SELECT * EXCLUDE (faults) FROM staging.labs WHERE faults IS NULL;
            CREATE TABLE extracts.feeds AS SELECT 'labs' AS feed, true AS present, DATE '2026-02-26' AS watermark;
            CREATE TABLE audit.batches AS SELECT 'labs' AS feed, 100 AS rows_read;
            CREATE TABLE audit.quarantine (feed VARCHAR, column_name VARCHAR, reason VARCHAR);
            CREATE TABLE audit.previous_feeds AS SELECT 'labs' AS feed, 100 AS rows_loaded;
            """
        )
        yield opened


def spoil(con: duckdb.DuckDBPyConnection, rows: int, column: str, reason: str) -> None:
    """Give the first rows a fault, in staging and in quarantine, as loading does."""
    fault = f"[{{'column_name': '{column}', 'value': '{SECRET}', 'reason': '{reason}'}}]"
    con.execute(f"UPDATE staging.labs SET faults = {fault} WHERE line < {rows}")
    con.execute(f"INSERT INTO audit.quarantine SELECT 'labs', '{column}', '{reason}' FROM range({rows})")


def asked(con: duckdb.DuckDBPyConnection, limits: Limits | None = None) -> dict[str, CheckResult]:
    """Run the suite of labs; return results by what they are about."""
    results = check(con, ["labs"], RULES, limits or Limits(), AS_OF)
    return {r.reason or r.check_name: r for r in results}


def test_the_catalogue_is_read_out_of_the_contract(con: duckdb.DuckDBPyConnection) -> None:
    assert catalogue_of(con, "labs", CONTRACT) == [*RULES, QualityRule("labs", "", "conflicting duplicate")]


def test_a_computed_reason_cannot_be_listed_and_is_refused(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(NightroundsError, match="computes its column or its reason"):
        catalogue_of(con, "labs", "SELECT fault('unit', unit, 'unknown ' || unit, true) FROM source.labs")


def test_every_contract_of_the_project_has_rules(con: duckdb.DuckDBPyConnection) -> None:
    contracts = sorted(Path("sql/extracts").glob("*.sql"))
    assert len(contracts) == 8
    for contract in contracts:
        assert len(catalogue_of(con, contract.stem, contract.read_text(encoding="utf-8"))) > 2, contract


def test_a_good_delivery_passes(con: duckdb.DuckDBPyConnection) -> None:
    results = asked(con)
    assert [r for r in results.values() if not r.passed] == []
    assert {r.check_name for r in results.values() if r.critical} == {
        "few rows in quarantine",
        "no sudden shrinkage",
        "rows at all",
        "ids are unique",
        "fresh enough",
    }


@pytest.mark.parametrize(("rows", "passes"), [(5, True), (6, False)])
def test_quarantine_closes_the_gate_above_its_limit(con: duckdb.DuckDBPyConnection, rows: int, passes: bool) -> None:
    spoil(con, rows, "unit", "unknown {unit}")
    results = asked(con)
    assert results["few rows in quarantine"].passed is passes
    assert (results["unknown {unit}"].failed_rows, results["unknown {unit}"].critical) == (rows, False)


def test_a_feed_may_have_a_limit_of_its_own(con: duckdb.DuckDBPyConnection) -> None:
    spoil(con, 6, "unit", "unknown {unit}")
    assert asked(con, Limits(feeds={"labs": 0.06}))["few rows in quarantine"].passed


def test_textual_results_do_not_count_as_errors_unless_something_else_is_wrong(con: duckdb.DuckDBPyConnection) -> None:
    spoil(con, 60, "value", "not a number")
    results = asked(con)
    assert results["not a number"].failed_rows == 60
    assert results["few rows in quarantine"].passed
    con.execute("UPDATE audit.quarantine SET column_name = 'value; unit', reason = 'not a number; unknown unit'")
    assert not asked(con)["few rows in quarantine"].passed


@pytest.mark.parametrize(("before", "passes"), [(125, True), (126, False), (None, True), (0, True)])
def test_a_feed_that_shrank_closes_the_gate(con: duckdb.DuckDBPyConnection, before: int | None, passes: bool) -> None:
    con.execute("UPDATE audit.previous_feeds SET rows_loaded = ?", [before])
    assert asked(con)["no sudden shrinkage"].passed is passes


@pytest.mark.parametrize(("latest", "passes"), [("2026-02-26", True), ("2026-02-25", False), (None, False)])
def test_a_stale_feed_closes_the_gate(con: duckdb.DuckDBPyConnection, latest: str | None, passes: bool) -> None:
    con.execute("UPDATE extracts.feeds SET watermark = ?", [latest])
    result = asked(con)["fresh enough"]
    assert (result.passed, result.critical) == (passes, True)


def test_an_empty_base_feed_closes_the_gate(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DELETE FROM staging.labs")
    assert not asked(con)["rows at all"].passed


def test_an_empty_or_stale_optional_feed_is_told_and_does_not_close_the_gate(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE staging.procedures AS SELECT lab_id AS procedure_id, faults FROM staging.labs LIMIT 0")
    con.execute("CREATE VIEW extracts.procedures AS SELECT procedure_id FROM staging.procedures")
    results = check(con, ["procedures"], [], Limits(), AS_OF)
    failed = [(r.check_name, r.critical) for r in results if not r.passed]
    assert failed == [("rows at all", False), ("fresh enough", False)]


def test_repeated_ids_and_malformed_lines_are_seen(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("UPDATE staging.labs SET lab_id = 'lab0' WHERE line < 3")
    con.execute("INSERT INTO audit.quarantine VALUES ('labs', NULL, 'broken quote')")
    results = asked(con)
    ids, lines = results["ids are unique"], results["every line can be read"]
    assert (ids.passed, ids.critical, lines.passed, lines.critical) == (False, True, False, False)


def test_an_expectation_that_raises_is_a_critical_failure_of_its_own(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("ALTER TABLE staging.labs RENAME COLUMN faults TO flaws")
    con.execute("CREATE OR REPLACE VIEW extracts.labs AS SELECT lab_id FROM staging.labs")
    broken = asked(con)["not a number"]
    assert (broken.passed, broken.critical, broken.failed_rows) == (False, True, None)
    assert broken.note.startswith(BROKEN)


def test_results_hold_no_value_and_nothing_is_printed_or_written(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.chdir(scratch)
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    spoil(con, 50, "value", "not a number")
    assert SECRET not in str(asked(con))
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
    assert list(scratch.iterdir()) == []


def test_the_file_is_free_once_the_connection_is_closed(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    asked(con)
    con.close()
    code = f"import duckdb; duckdb.connect({str(tmp_path / 'warehouse.duckdb')!r}).execute('CREATE TABLE free (a INT)')"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_run_that_ends_in_the_middle_of_the_import_ends_quietly() -> None:
    code = "import time; from nightrounds.gate import warm_up; warm_up(); time.sleep(.3); raise SystemExit(2)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="flows")
    assert (done.returncode, done.stderr) == (2, "")


def test_an_audit_leaves_nothing_on_stderr() -> None:
    """Great Expectations and DuckDB together print a hundred lines of `leaked` at exit unless duckdb_dialect prevents it."""
    code = "import duckdb; from nightrounds import suites; suites.ask(suites.source_of(duckdb.connect()), 'x', '(SELECT 1)', [])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="flows")
    assert (done.returncode, done.stderr) == (0, "")


def test_warming_up_imports_great_expectations() -> None:
    warm_up().join()
    assert "great_expectations" in sys.modules
