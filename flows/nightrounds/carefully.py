"""The careful way to read delimited text, for the rare file that DuckDB cannot read row for row.

A file comes here when it has blank lines, line breaks inside quotes, ragged rows, NUL bytes or broken UTF-8. It is
read line by line: a record that parses strictly is kept with the physical line on which it starts, a line that does
not is handed back as bad, and reading goes on at the very next line, so that one broken quote costs one line.
As for DuckDB, blanks before a quoted field and empty fields after the last column are nothing.
"""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nightrounds.files import open_bytes

BATCH = 50_000
# A quoted field that is still open after this many lines is taken for a broken quote.
LONGEST_RECORD = 500
# Python's own limit, 128 KiB, is less than what DuckDB lets a line be.
csv.field_size_limit(1 << 26)
OPEN_QUOTE = "open quote"
BROKEN_QUOTE = "broken quote"


@dataclass(frozen=True)
class BadLine:
    """A physical line that is no record, with its text as far as it can be had."""

    line: int
    raw: str
    reason: str


def read_carefully(path: Path, delimiter: str, width: int, target: Path) -> list[BadLine]:
    """Write the good records of a CSV file to a Parquet file, and return the bad lines.

    `target` gets text columns c0 ... c<width-1> and `line`, the physical line (header = 1) where the record starts.
    """
    schema = pa.schema([("line", pa.int64()), *((f"c{i}", pa.string()) for i in range(width))])
    bad: list[BadLine] = []
    batch: list[list[str]] = []
    starts: list[int] = []
    with pq.ParquetWriter(target, schema) as writer:
        for item in _records(path, delimiter, width):
            if isinstance(item, BadLine):
                bad.append(item)
                continue
            starts.append(item[0])
            batch.append(item[1])
            if len(batch) == BATCH:
                writer.write_batch(_batch(schema, starts, batch))
                batch, starts = [], []
        writer.write_batch(_batch(schema, starts, batch))
    return bad


def _batch(schema: pa.Schema, starts: list[int], rows: list[list[str]]) -> pa.RecordBatch:
    columns = list(zip(*rows, strict=True)) or [()] * (len(schema) - 1)
    return pa.record_batch([pa.array(starts, pa.int64()), *(pa.array(c, pa.string()) for c in columns)], schema=schema)


def _records(path: Path, delimiter: str, width: int) -> Iterator[tuple[int, list[str]] | BadLine]:
    with open_bytes(path) as file:
        lines = enumerate(file, start=1)
        waiting: deque[tuple[int, bytes]] = deque()
        next(lines, None)  # the header
        while first := (waiting.popleft() if waiting else next(lines, None)):
            number, line = first
            if not line.strip(b" \r\n"):
                continue
            problem, fields = _parse(line, delimiter, width)
            if problem == OPEN_QUOTE:
                problem, fields = _join(line, waiting, lines, delimiter, width)
            yield (
                (number, fields) if problem is None else BadLine(number, line.decode("utf-8", "replace").rstrip("\r\n"), problem)
            )


def _join(
    line: bytes, waiting: deque[tuple[int, bytes]], lines: Iterator[tuple[int, bytes]], delimiter: str, width: int
) -> tuple[str | None, list[str]]:
    """Add following lines until the record is whole; when that never happens they all stay in `waiting`."""
    record = line
    for used in range(LONGEST_RECORD):
        if used == len(waiting):
            following = next(lines, None)
            if following is None:
                break
            waiting.append(following)
        record += waiting[used][1]
        if b'"' not in waiting[used][1]:
            continue
        problem, fields = _parse(record, delimiter, width)
        if problem is None:
            for _ in range(used + 1):
                waiting.popleft()
            return None, fields
        if problem != OPEN_QUOTE:
            break
    return BROKEN_QUOTE, []


def _parse(record: bytes, delimiter: str, width: int) -> tuple[str | None, list[str]]:
    """Cut a record into its fields; else say what is wrong with it."""
    if b"\0" in record:
        return "NUL byte", []
    try:
        text = record.decode("utf-8")
        fields = next(csv.reader([text.rstrip("\r\n")], delimiter=delimiter, strict=True, skipinitialspace=True))
    except UnicodeDecodeError:
        return "not UTF-8", []
    except csv.Error as error:
        return _told(str(error)), []
    return (None, fields[:width]) if len(fields) >= width and not any(fields[width:]) else ("wrong number of fields", [])


def _told(error: str) -> str:
    """What Python's reader says is wrong with a record, in our words. More lines can only mend a quote that is open."""
    if error.startswith("unexpected end"):
        return OPEN_QUOTE
    return "line break inside a line" if error.startswith("new-line") else BROKEN_QUOTE
