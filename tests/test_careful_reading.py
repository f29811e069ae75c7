"""Many lines read at once are what they are line by line: the same rows and bad lines, whatever the bytes and the blocks."""

import csv
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import nightrounds.duckdb_dialect  # noqa: F401 - lets go of DuckDB when Python ends, whatever Hypothesis still holds
from nightrounds import carefully
from nightrounds.blocks import Block, strict_lines, unpadded
from nightrounds.carefully import read_carefully

STEADY = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
HEAD = b"a,b,c\n"
NO_LIMIT = 1 << 26
Read = tuple[list[tuple[Any, ...]], list[tuple[int, str, str]]]


def slowly(body: bytes, width: int, longest: int) -> Read:
    """Read what follows the header line by line, with nothing but Python's own reader."""
    rows: list[tuple[Any, ...]] = []
    bad: list[tuple[int, str, str]] = []
    lines = deque(enumerate(cut(body), start=2))
    while lines:
        number, line = lines.popleft()
        if not line.strip(b" \r\n"):
            continue
        problem, fields = record(line, width)
        if problem == "open quote":
            problem, fields, used = whole(line, lines, width, longest)
            for _ in range(used):
                lines.popleft()
        if problem is None:
            rows.append((number, *fields))
        else:
            bad.append((number, line.decode("utf-8", "replace").rstrip("\r\n"), problem))
    return rows, bad


def cut(body: bytes) -> Iterator[bytes]:
    """Lines end with a newline only."""
    pieces = body.split(b"\n")
    yield from (piece + b"\n" for piece in pieces[:-1])
    if pieces[-1]:
        yield pieces[-1]


def whole(line: bytes, following: deque[tuple[int, bytes]], width: int, longest: int) -> tuple[str | None, list[str], int]:
    for used, (_, more) in enumerate(list(following)[:longest], start=1):
        line += more
        problem, fields = record(line, width) if b'"' in more else ("open quote", [])
        if problem is None:
            return None, fields, used
        if problem != "open quote":
            break
    return "broken quote", [], 0


def record(text: bytes, width: int) -> tuple[str | None, list[str]]:
    if b"\0" in text:
        return "NUL byte", []
    try:
        line = text.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        return "not UTF-8", []
    try:
        fields = next(csv.reader([line], strict=True, skipinitialspace=True))
    except csv.Error as error:
        told = {"unexpected end of data": "open quote"}.get(str(error), "broken quote")
        return "line break inside a line" if str(error).startswith("new-line") else told, []
    if len(fields) < width or any(fields[width:]):
        return "wrong number of fields", []
    return None, fields[:width]


def in_blocks(body: bytes, width: int) -> Read:
    with tempfile.TemporaryDirectory() as scratch:
        path, target = Path(scratch) / "feed.csv", Path(scratch) / "rows.parquet"
        path.write_bytes(HEAD + body)
        bad = read_carefully(path, ",", width, target)
        table = pq.read_table(target)
    assert table.schema.names == ["line", *(f"c{i}" for i in range(width))]
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True)), [(b.line, b.raw, b.reason) for b in bad]


# Lines, or some, of which none can be told to be a record without a closer look.
ODD = [
    b"\n", b"\r\n", b"  \n", b" \r\r\n", b"1,2\r,3\n", b"1,2,3\r\r\n", b"1,\0,3\n", b"1,\xff,3\n", b"\xc3,2,3\n",
    b'1,"two\nlines",3\n', b'1,"\n\n\n",3\n', b'"a\r\nb",2,"c\nd"\r\n', b'1,"x\n1,2,3\n4,5\n6\n7",3\n', b'1,"2,3\n', b'1,"not, closed,3\n',
    b'x"y,2,3\n', b'1,""2"",3\n', b'"a"b,2,3\n', b'1,"2"x,3\n', b'"a" ,2,3\n', b'  "a",  "b, c" ," d"\n',
]  # fmt: skip
LINES = [
    *ODD, b"1,2,3\n", b"4,5,6\r\n", b"x,,\n", b",,\n", b"abcd\n", b'"a","b","c"\n', b'"a, b","c ""d"" e",""\r\n', b'"""",x,"""y"""\n',
    "é,ü,☃\n".encode(), b"1,2\n", b"1,2,3,\n", b'1,2,3,"",\r\n', b"1,2,3,4\n", b"\xef\xbb\xbf1,2,3\n", b"1, 2,  3\n", b'1,  "a, b",  \n',
    b'1,"a,  b",c\n', b"a  b, c  d ,e\n", b" , , \n", b"1,2,3", b'1,"2', b"\r", b" ", b'"', b",", b"\xef\xbb\xbf", b"'", b"\\", b"\t",
]  # fmt: skip
bodies = st.lists(st.sampled_from(LINES), max_size=40).map(b"".join)
SIZES = st.sampled_from([1, 2, 3, 7, 20, 60, 1 << 22])


@settings(STEADY, max_examples=1000)
@given(bodies, st.sampled_from([1, 2, 3]), SIZES, st.sampled_from([1, 2, 500]), st.sampled_from([3, NO_LIMIT]))
@example(b"\xef\xbb\xbf1,2,3\n", 3, 1 << 22, 500, NO_LIMIT)
@example(b'1,2,3\n1,"2\n3\n', 3, 1, 500, NO_LIMIT)
@example(b'1,"2\n1,2,3\n4,5,6\n","7\n', 3, 1, 2, NO_LIMIT)
@example(b'1,"2\n1,2,3\n4,5,6\n","7"\n', 3, 1, 500, NO_LIMIT)
@example(b"abcd\nabc\n", 1, 1 << 22, 500, 3)
@example(b"1,\0,3\n1,\xff,3\n1,2,3\n", 3, 1 << 22, 500, NO_LIMIT)
def test_blocks_of_lines_are_read_as_one_line_after_the_other(
    body: bytes, width: int, size: int, longest: int, limit: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(carefully, "BLOCK", size)
        patch.setattr(carefully, "LONGEST_RECORD", longest)
        before = csv.field_size_limit(limit)
        try:
            assert in_blocks(body, width) == slowly(body, width, longest)
        finally:
            csv.field_size_limit(before)


@settings(STEADY, max_examples=300)
@given(st.lists(st.binary(max_size=4) | st.sampled_from([b",", b'"', b"\n", b"1,2,3\n"]), max_size=40).map(b"".join), SIZES)
def test_blocks_of_any_bytes_are_read_as_one_line_after_the_other(body: bytes, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(carefully, "BLOCK", size)
        assert in_blocks(body, 3) == slowly(body, 3, carefully.LONGEST_RECORD)


GOOD = [b"1,2,3\n", b'"x","y"\r\n', b'"a, b","c ""d""",\r\n', b"x,  y,\n", "é,  \"ü, ☃\",''\n".encode()]


@settings(STEADY, max_examples=50)
@given(st.lists(st.sampled_from(GOOD), min_size=1))
def test_good_lines_are_not_read_one_by_one(lines: list[bytes]) -> None:
    block = Block(b"".join(lines))
    assert strict_lines(unpadded(block, ","), ",", NO_LIMIT).all()


@pytest.mark.parametrize("line", ODD)
def test_an_odd_line_costs_its_neighbours_nothing(line: bytes) -> None:
    block = Block(b"1,2,3\n" + line + '"é",2,\n'.encode())
    strict = strict_lines(unpadded(block, ","), ",", NO_LIMIT)
    assert strict[0]
    assert not strict[1:-1].all()
    # In a block with broken UTF-8 all lines that are not ASCII are looked at.
    assert strict[-1] == (b"\xff" not in line and b"\xc3" not in line)


def no_answer(*_: object) -> pa.Table:
    raise pa.ArrowInvalid("no")


def row_too_few(*_: object) -> pa.Table:
    return pa.table({"c0": ["1"], "c1": ["2"], "c2": ["3"]})


@pytest.mark.parametrize("answer", [no_answer, row_too_few])
def test_lines_that_arrow_reads_otherwise_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    body = b'1,2,3\n"4",5,6\n7\n'
    monkeypatch.setattr("nightrounds.blocks.csv.read_csv", answer)
    assert in_blocks(body, 3) == ([(2, "1", "2", "3"), (3, "4", "5", "6")], [(4, "7", "wrong number of fields")])


def test_a_block_knows_its_lines() -> None:
    block = Block(b"a\n\nbc\nd")
    assert [block.line(at) for at in range(len(block))] == [b"a\n", b"\n", b"bc\n", b"d\n"]
    assert block.only(np.array([0, 2])) == b"a\nbc\n"
    assert (block.after(2), block.after(4)) == (b"bc\nd\n", b"")
