"""How long loading takes, as a multiple of what DuckDB needs to read the same files once.

For comparison, what a bare `CREATE TABLE ... AS FROM` of the same files into a new database takes: as text, with nothing
typed, checked or accounted for. No loader that keeps the rows can be much below it.

python tests/benchmarks/loading.py build/large        an extract made by large_extract.py; a CSV copy is made beside it
"""

import argparse
import tempfile
from datetime import date
from functools import partial
from pathlib import Path

from facts_and_rules import scan, seconds

from nightrounds.database import connect, text_literal
from nightrounds.extracts import MEMORY, load
from nightrounds.project import find_project
from nightrounds.run import new_run
from nightrounds.site import Site

READERS = {".csv": "read_csv({}, all_varchar = true, quote = '\"')", ".parquet": "read_parquet({})"}


def csv_copy(extract: Path) -> Path:
    """Return a folder with the extract as CSV, made once."""
    copy = extract.with_name(extract.name + "-csv")
    if not copy.exists():
        copy.mkdir()
        with connect() as con:
            for path in sorted(extract.glob("*.parquet")):
                con.execute(
                    f"COPY (FROM {text_literal(str(path))}) TO {text_literal(str(copy / path.stem))} (FORMAT csv, HEADER)"
                )
                (copy / path.stem).rename(copy / f"{path.stem}.csv")
        (copy / "extract.json").write_text((extract / "extract.json").read_text(encoding="utf-8"), encoding="utf-8")
    return copy


def count(extract: Path) -> None:
    """Count the rows of every CSV file, read as text."""
    with connect() as con:
        for path in sorted(extract.glob("*.csv")):
            con.execute(f"SELECT count(*) FROM {reader(path)}").fetchall()


def copying(extract: Path) -> float:
    """Return the seconds that copying the files as they are into a database file takes."""
    with tempfile.TemporaryDirectory() as scratch, connect(Path(scratch) / "copy.duckdb", memory_limit=MEMORY) as con:
        files = [path for path in sorted(extract.iterdir()) if path.suffix in READERS]
        return sum(seconds(partial(con.execute, f"CREATE TABLE {path.stem} AS FROM {reader(path)}")) for path in files)


def reader(path: Path) -> str:
    """Return the call that reads a file as text."""
    return READERS[path.suffix].format(text_literal(str(path)))


def loading(extract: Path) -> float:
    """Return the seconds that loading an extract takes."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        run = new_run(find_project(), Site(name="benchmark"), extract, out=out, as_of=date(2026, 6, 30), accept_gate="benchmark")
        return seconds(lambda: load(run))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extract", type=Path)
    parquet = parser.parse_args().extract
    text = csv_copy(parquet)
    for name, folder, floor in (("Parquet", parquet, lambda: scan(parquet)), ("CSV", text, lambda: count(text))):
        least = min(seconds(floor) for _ in range(3))
        took, bare = loading(folder), copying(folder)
        print(f"{name}: one reading {least:.2f} s, loading {took:.2f} s, {took / least:.1f} times")
        print(f"  a bare copy {bare:.2f} s, {bare / least:.1f} times; loading is {took / bare:.1f} times a bare copy")
