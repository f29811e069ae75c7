"""How long facts and rules take on a large extract, as a multiple of one scan of the columns that they read.

python tests/benchmarks/facts_and_rules.py build/large
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median

from nightrounds.database import connect, text_literal
from nightrounds.extracts import load
from nightrounds.pipeline import apply, build
from nightrounds.project import find_project
from nightrounds.run import Run, new_run
from nightrounds.site import Site

READ = {
    "patients": ("patient_id", "birth_date", "sex", "death_date"),
    "prescriptions": ("prescription_id", "patient_id", "drug_code", "drug_name", "start_date", "end_date", "status", "sig",
                      "days_supply", "refills", "quantity", "frequency_per_day", "dose_quantity", "dose_unit", "daily_dose_mg"),
    "labs": ("lab_id", "patient_id", "collected_at", "test_code", "test_name", "value", "unit", "status"),
}  # fmt: skip


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def scan(extract: Path) -> None:
    """Read every row of the columns once, in DuckDB, from the Parquet files."""
    with connect() as con:
        for feed, columns in READ.items():
            counted = ", ".join(f"max(strlen({name}::VARCHAR))" for name in columns)
            con.execute(f"SELECT {counted} FROM read_parquet('{extract / feed}.parquet')").fetchall()


def copying(warehouse: Path, scratch: Path) -> float:
    """Return the seconds that writing the finished facts and results once more takes: with nothing decided, only stored."""
    with connect(scratch) as con:
        con.execute(f"ATTACH {text_literal(str(warehouse))} AS w (READ_ONLY)")
        tables = con.execute(
            "SELECT table_name, format('w.{}.{}', schema_name, table_name) FROM duckdb_tables() "
            "WHERE database_name = 'w' AND (schema_name = 'facts' OR table_name = 'results')"
        ).fetchall()
        return sum(seconds(partial(con.execute, f"CREATE TABLE {name} AS FROM {source}")) for name, source in tables)


def measure(extract: Path, out: Path, repeats: int) -> None:
    """Print seconds and ratios of load, build and apply to one scan."""
    run: Run = new_run(find_project(), Site(name="benchmark"), extract, out=out, as_of=date(2026, 6, 30), accept_gate="benchmark")
    out.mkdir(parents=True, exist_ok=True)
    floor = median(seconds(lambda: scan(extract)) for _ in range(repeats))
    loading = seconds(lambda: load(run, print))
    building = seconds(lambda: build(run, print))
    applying = seconds(lambda: apply(run))
    print(f"one scan {floor:.2f} s; load {loading:.2f} s ({loading / floor:.1f}x)")
    print(f"build {building:.2f} s ({building / floor:.1f}x), apply {applying:.2f} s ({applying / floor:.1f}x)")
    print(f"facts and rules: {(building + applying) / floor:.1f} times one scan")
    bare = copying(run.building, out / "copy.duckdb")
    print(
        f"writing the same tables once {bare:.2f} s ({bare / floor:.1f}x); facts and rules are {(building + applying) / bare:.1f} times that"
    )
    with connect(run.building) as con:
        for rule, took in con.execute("SELECT rule_id, seconds FROM audit.rules ORDER BY seconds DESC").fetchall():
            print(f"  {rule:<45} {took:6.2f} s  {took / (building + applying):5.1%}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extract", type=Path)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        measure(arguments.extract, Path(scratch), arguments.repeats)
