"""What the careful reading of a CSV file costs, as a multiple of what DuckDB needs to count the values of the same file.

python tests/benchmarks/careful_reading.py build/large-csv/prescriptions.csv     a copy made by loading.py

A copy of the file is read that has a line break inside quotes and a blank line in its middle: once as it is done, and
once with every line read by itself. Counted are seconds of the processor, since others may be at work, and of memory what
the reading adds at its peak.
"""

import argparse
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np

from nightrounds.blocks import Block, Flags
from nightrounds.carefully import read_carefully
from nightrounds.database import connect, path_literal
from nightrounds.files import csv_head


def broken_copy(path: Path, copy: Path, delimiter: bytes) -> None:
    """Copy a file; the line in its middle gets a line break inside quotes and a blank line after it."""
    with path.open("rb") as source, copy.open("wb") as target:
        middle = path.stat().st_size // 2
        while source.tell() < middle:
            target.write(source.readline())
        while b'"' in (line := source.readline()):
            target.write(line)
        target.write(b'"' + line.replace(delimiter, b'\n"' + delimiter, 1) + b"\n")
        while chunk := source.read(1 << 20):
            target.write(chunk)


def used(action: Callable[[], object]) -> float:
    """Return the seconds of the processor that an action takes."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    action()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def peak() -> int:
    """Return the most memory that the process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def count(path: Path, delimiter: str) -> None:
    """Count the values of every column, read as text."""
    options = f"all_varchar = true, header = true, quote = '\"', escape = '\"', delim = '{delimiter}'"
    with connect() as con:
        con.execute(f"SELECT count(COLUMNS(*)) FROM read_csv({path_literal(path)}, {options})").fetchall()


def no_line_is_strict(block: Block, _delimiter: str, _longest: int) -> Flags:
    """Stand in for the look at a block."""
    return np.zeros(len(block), np.bool_)


def measure(path: Path, folder: Path) -> None:
    """Print how many times a count the reading of a broken copy takes."""
    delimiter, columns = csv_head(path)
    copy, rows = folder / path.name, folder / "rows.parquet"
    broken_copy(path, copy, delimiter.encode())
    before = peak()
    in_blocks = used(lambda: read_carefully(copy, delimiter, len(columns), rows))
    memory = peak() - before
    with patch("nightrounds.carefully.strict_lines", no_line_is_strict):
        one_by_one = used(lambda: read_carefully(copy, delimiter, len(columns), rows))
    least = min(used(lambda: count(path, delimiter)) for _ in range(3))
    print(f"one count {least:.2f} s of the processor; read in blocks {in_blocks / least:.1f} times that, with {memory} MB more")
    print(f"read line by line {one_by_one / least:.1f} times, {one_by_one / in_blocks:.1f} times as much as in blocks")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    with tempfile.TemporaryDirectory() as scratch:
        measure(parser.parse_args().file, Path(scratch))
