"""The careful way to read delimited text, for the rare file that DuckDB cannot read row for row.

A file comes here when it has blank lines, line breaks inside quotes, ragged rows, NUL bytes or broken UTF-8. It is read
block by block: the lines of a block that are a good record each are parsed at once, and the others one by one. A record
that parses strictly is kept with the physical line on which it starts, a line that does not is handed back as bad, and
reading goes on at the very next line, so that one broken quote costs one line.
As for DuckDB, blanks before a quoted field and empty fields after the last column are nothing.
"""

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nightrounds.blocks import Block, Flags, parse, strict_lines, unpadded
from nightrounds.files import open_bytes

BLOCK = 1 << 22
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
    with open_bytes(path) as file, pq.ParquetWriter(target, schema) as writer:
        file.readline()  # the header
        number, rest = 2, b""
        while (fresh := file.read(BLOCK) + file.readline()) or rest:
            block = Block(rest + fresh)
            slow = _OneByOne(block, delimiter, width, ended=not fresh)
            rows, used = _read(slow, schema)
            writer.write_table(rows.set_column(0, "line", pc.add(rows["line"], number)))
            bad += [BadLine(number + at, _text(block.line(at)), slow.bad[at]) for at in sorted(slow.bad)]
            number, rest = number + used, block.after(used)
    return bad


@dataclass
class _OneByOne:
    """Reads single records of a block: fields of the good ones and reasons of the bad ones by the line where they start."""

    block: Block
    delimiter: str
    width: int
    # Whether the file ends with this block.
    ended: bool
    rows: dict[int, list[str]] = field(default_factory=dict)
    bad: dict[int, str] = field(default_factory=dict)

    def take(self, at: int) -> int:
        """Read the record that starts on a line; return how many lines it takes, 0 when its end may be in the next block."""
        line, used = self.block.line(at), 1
        if not line.strip(b" \r\n"):
            return used
        problem, fields = _parse(line, self.delimiter, self.width)
        if problem == OPEN_QUOTE:
            used, problem, fields = self._join(at)
        if problem is None:
            self.rows[at] = fields
        elif used:
            self.bad[at] = problem
        return used

    def _join(self, at: int) -> tuple[int, str | None, list[str]]:
        """Add following lines until the record is whole; when that never happens it is one bad line."""
        record, last = self.block.line(at), at + LONGEST_RECORD
        for more in range(at + 1, min(last + 1, len(self.block))):
            following = self.block.line(more)
            record += following
            if b'"' not in following:
                continue
            problem, fields = _parse(record, self.delimiter, self.width)
            if problem is None:
                return more - at + 1, None, fields
            if problem != OPEN_QUOTE:
                return 1, BROKEN_QUOTE, []
        return int(self.ended or last < len(self.block)), BROKEN_QUOTE, []


def _read(slow: _OneByOne, schema: pa.Schema) -> tuple[pa.Table, int]:
    """Return the rows of a block in order, their lines counted from 0, and how many of its lines have been read."""
    lean = unpadded(slow.block, slow.delimiter)
    strict = strict_lines(lean, slow.delimiter, csv.field_size_limit())
    used = _read_loose(slow, strict)
    table, ragged = parse(lean, np.flatnonzero(strict), slow.delimiter, schema)
    for at in ragged.tolist():
        slow.take(at)
    if slow.rows:
        columns = [list(slow.rows), *zip(*slow.rows.values(), strict=True)]
        single = pa.table([pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)], schema=schema)
        table = pa.concat_tables([table, single]).sort_by("line")
    return table, used


def _read_loose(slow: _OneByOne, strict: Flags) -> int:
    """Read the records that start on lines which are not strict. What they end with, and what is not read, is strict no more.

    Returns how many lines have been read: all up to a record whose end may be in the next block.
    """
    used = 0
    for at in np.flatnonzero(~strict).tolist():
        if at < used:
            continue
        taken = slow.take(at)
        if not taken:
            strict[at:] = False
            return at
        used = at + taken
        strict[at:used] = False
    return len(strict)


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


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r\n")


def _told(error: str) -> str:
    """What Python's reader says is wrong with a record, in our words. More lines can only mend a quote that is open."""
    if error.startswith("unexpected end"):
        return OPEN_QUOTE
    return "line break inside a line" if error.startswith("new-line") else BROKEN_QUOTE
