"""How long the pages take for a large hospital: 41 rules, 50 facilities, 24 months and 20,000 open findings.

The published database of a demo run is copied, and its open findings and facilities are multiplied; then every page is rendered.

nightrounds demo && python tests/benchmarks/rendering.py build/demo/current/nightrounds.duckdb [--findings 20000] [--facilities 50]
"""

import argparse
import resource
import shutil
import tempfile
import time
from pathlib import Path

import duckdb

from nightrounds.database import connect_reader
from nightrounds.exports import export_marts
from nightrounds.project import find_project
from nightrounds.report import render
from nightrounds.sqlfiles import SqlFile


def multiply(database: Path, findings: int, facilities: int) -> None:
    """Copy open findings with their evidence and timelines, and facilities with their numbers, until there are so many."""
    with duckdb.connect(str(database)) as con:
        there, places = con.execute(
            "SELECT (SELECT count(*) FROM mart.worklist), (SELECT count(*) FROM mart.facility_page)"
        ).fetchall()[0]
        times, spread = -(-findings // there), -(-facilities // places)
        con.execute(f"CREATE TEMP TABLE copies AS SELECT range AS copy FROM range({times})")
        con.execute(f"CREATE TEMP TABLE wings AS SELECT range AS wing FROM range({spread})")
        con.execute(
            f"""
            CREATE OR REPLACE TABLE mart.worklist AS
            SELECT * REPLACE (
                rank * {times} + copy AS rank, patient_rank * {times} + copy AS patient_rank, finding_id || '-' || copy AS finding_id,
                patient_id || '-' || copy AS patient_id, facility_id || '-' || copy % {spread} AS facility_id
            )
            FROM mart.worklist CROSS JOIN copies ORDER BY ALL
            """
        )
        for table in ("audit.evidence", "mart.timeline"):
            con.execute(
                f"CREATE OR REPLACE TABLE {table} AS SELECT * REPLACE (finding_id || '-' || copy AS finding_id) "
                f"FROM {table} CROSS JOIN copies"
            )
        pages = find_project().sql / "marts" / "2" / "worklist_page.sql"
        con.execute(f"CREATE OR REPLACE TABLE mart.worklist_page AS {SqlFile(pages).text}")
        con.execute(
            """
            CREATE OR REPLACE TABLE mart.facility_page AS
            SELECT facility_id || '-' || wing AS facility_id, page || '-' || wing AS page FROM mart.facility_page CROSS JOIN wings
            """
        )
        for table, column, where in (
            ("mart.public_breakdown", "cell", "breakdown = 'facility'"), ("mart.funnel_point", "facility_id", "true"),
        ):  # fmt: skip
            con.execute(
                f"CREATE OR REPLACE TABLE {table} AS SELECT * REPLACE ({column} || '-' || wing AS {column}) "
                f"FROM {table} CROSS JOIN wings WHERE {where} UNION ALL BY NAME FROM {table} WHERE NOT ({where})"
            )


def measure(database: Path, findings: int, facilities: int) -> None:
    """Print how long pages and exports take, how many files there are, and the most memory that the process held."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "nightrounds.duckdb"
        shutil.copy(database, copy)
        multiply(copy, findings, facilities)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        out = Path(scratch) / "out"
        with connect_reader(copy) as con:
            started = time.perf_counter()
            written = render(con, find_project().reports, out)
            written += export_marts(con, out / "dashboard")
            took = time.perf_counter() - started
        size = sum(path.stat().st_size for path in written)
        largest = sorted((path for path in written if path.suffix == ".html"), key=lambda path: -path.stat().st_size)[:5]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(
            f"{len(written)} files, {size / 1e6:.1f} MB in {took:.1f} s; at most {peak / 1024:.0f} MB held ({before / 1024:.0f} MB before)"
        )
        for page in largest:
            print(f"  {page.stat().st_size / 1e6:5.2f} MB {page.relative_to(out)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", type=Path)
    parser.add_argument("--findings", type=int, default=20_000)
    parser.add_argument("--facilities", type=int, default=50)
    arguments = parser.parse_args()
    measure(arguments.database, arguments.findings, arguments.facilities)
