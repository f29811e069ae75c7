"""Raw files come in row for row, with the physical line of each record, however broken a line is."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from nightrounds.errors import NightroundsError
from nightrounds.files import csv_head, discover
from nightrounds.rawtables import create_raw_table, inspect
from nightrounds.surveying import has_loose_quote, survey

HEAD = b"id,name,x\n"
# Each: what follows the header, the good rows as (id, name, x, line), the bad lines as (line, reason).
BODIES = {
    "plain": (b"1,a,2\n2,b,3\n", [("1", "a", "2", 2), ("2", "b", "3", 3)], []),
    "no newline at the end": (b"1,a,2", [("1", "a", "2", 2)], []),
    "quotes inside quotes": (b'1,"a ""q"" b",2\n', [("1", 'a "q" b', "2", 2)], []),
    "a line break inside quotes": (b'1,"a\nb",2\n2,b,3\n', [("1", "a\nb", "2", 2), ("2", "b", "3", 4)], []),
    "an empty line is no row": (b"1,a,2\n\n2,b,3\n", [("1", "a", "2", 2), ("2", "b", "3", 4)], []),
    "too many fields": (b"1,a,2,9\n2,b,3\n", [("2", "b", "3", 3)], [(2, "wrong number of fields")]),
    "too few fields": (b"1,a\n2,b,3\n", [("2", "b", "3", 3)], [(2, "wrong number of fields")]),
    "an open quote costs one line": (
        b'1,"a,2\n2,b,3\n3,"c",4\n',
        [("2", "b", "3", 3), ("3", "c", "4", 4)],
        [(2, "broken quote")],
    ),
    "text after a quote": (b'1,"a"b,2\n2,b,3\n', [("2", "b", "3", 3)], [(2, "broken quote")]),
    "not UTF-8": (b"1,\xff\xfe,2\n2,b,3\n", [("2", "b", "3", 3)], [(2, "not UTF-8")]),
    "a NUL byte": (b"1,a\0b,2\n2,b,3\n", [("2", "b", "3", 3)], [(2, "NUL byte")]),
    "mixed line ends": (b"1,a,2\r\n2,b,3\n", [("1", "a", "2", 2), ("2", "b", "3", 3)], []),
    "a blank before a quote": (b'1, "a, b",2\n\n', [("1", "a, b", "2", 2)], []),
    "empty fields after the last": (b'1,a,2,,\n2,b,3,""\n', [("1", "a", "2", 2), ("2", "b", "3", 3)], []),
    "empty fields after the last, and an empty line": (b"1,a,2,,\n\n2,b,3,\n", [("1", "a", "2", 2), ("2", "b", "3", 4)], []),
    "a line end inside a line": (b"1,a,2\r2,b,3\n\n3,c,4\n", [("3", "c", "4", 4)], [(2, "line break inside a line")]),
    "a line end inside quotes": (b'1,"a\rb",2\n', [("1", "a\rb", "2", 2)], []),
    "delimiters alone are a row": (b",,\n\n", [(None, None, None, 2)], []),
    "a blank behind a quote": (
        b'1,"a" ,2\n2,"" "b",3\n3,c,4\n',
        [("3", "c", "4", 4)],
        [(2, "broken quote"), (3, "broken quote")],
    ),
    "a long text": (b"1," + b"a" * 200_000 + b',2\n2,"b\n",3\n', [("1", "a" * 200_000, "2", 2), ("2", "b\n", "3", 3)], []),
    "an open quote in the last line": (b'1,a,2\n2,"b,3', [("1", "a", "2", 2)], [(3, "broken quote")]),
}


def read(tmp_path: Path, content: bytes, name: str = "feed.csv") -> tuple[list[tuple[object, ...]], list[tuple[int, str]]]:
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA raw")
        file = inspect(con, path)
        create_raw_table(con, "feed", ["id", "name", "x"], [file], tmp_path)
        rows = con.execute("SELECT id, name, x, line FROM raw.feed ORDER BY line").fetchall()
    return rows, [(bad.line, bad.reason) for bad in file.bad_lines]


@pytest.mark.parametrize("case", BODIES, ids=str)
@pytest.mark.parametrize("name", ["feed.csv", "feed.csv.gz"])
def test_rows_and_lines(tmp_path: Path, case: str, name: str) -> None:
    body, rows, bad = BODIES[case]
    assert read(tmp_path, HEAD + body, name) == (rows, bad)


def test_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf" + (HEAD + b"1,a,2\n").replace(b"\n", b"\r\n")) == ([("1", "a", "2", 2)], [])


@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_delimiter_is_read_off_the_header(tmp_path: Path, mark: str) -> None:
    assert read(tmp_path, (HEAD + b"1,a,2\n").replace(b",", mark.encode()))[0] == [("1", "a", "2", 2)]


@pytest.mark.parametrize(
    ("body", "joined", "copies", "counted"),
    [
        (b"1,a,2\n2,b,3\n", False, [], 2),
        (b"1,a,2\n2,b,3\n", True, ["feed copied"], 2),
        (b"1,a,2\n\n2,b,3\n", False, ["feed copied"], None),
    ],
)
def test_text_is_copied_only_when_it_is_joined_with_other_text_or_is_no_record_a_line(
    tmp_path: Path, body: bytes, joined: bool, copies: list[str], counted: int | None
) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(HEAD + body)
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA raw")
        file = inspect(con, path)
        create_raw_table(con, "feed", ["id", "name", "x"], [file], tmp_path, copied=joined)
        assert [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()] == copies
        assert con.execute("SELECT id, name, x, file FROM raw.feed ORDER BY id").fetchall() == [
            ("1", "a", "2", "feed.csv"),
            ("2", "b", "3", "feed.csv"),
        ]
    assert file.rows == counted
    assert list(tmp_path.iterdir()) == [path]


def test_a_feed_of_no_file_is_a_raw_table_of_no_rows(tmp_path: Path) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA raw")
        create_raw_table(con, "feed", ["id"], [], tmp_path)
        assert con.execute("SELECT id, file, line FROM raw.feed").fetchall() == []


def test_header_only_is_a_file_of_no_rows(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD) == ([], [])


def test_columns_in_any_order_and_case_and_absent_ones_null(tmp_path: Path) -> None:
    assert read(tmp_path, b"X,Id,other\n2,1,z\n")[0] == [("1", None, "2", 2)]


def test_parquet_lines_count_from_one(tmp_path: Path) -> None:
    path = tmp_path / "feed.parquet"
    duckdb.execute(f"COPY (SELECT 7 AS id, 'a' AS name, 1.5 AS x UNION ALL SELECT 8, 'b', 2) TO '{path}'")
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA raw")
        create_raw_table(con, "feed", ["id", "x"], [inspect(con, path)], tmp_path)
        assert con.execute("SELECT id, x, line FROM raw.feed").fetchall() == [("7", "1.5", 1), ("8", "2.0", 2)]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("feed.csv", b"", "is empty"),
        ("feed.csv.gz", gzip.compress(HEAD * 500, mtime=0)[:-20], "cannot be read to its end"),
        ("feed.parquet", b"PAR1 and then nothing", "not a readable Parquet file"),
        ("feed.csv", b"id,id,x\n1,2,3\n", "names the column 'id' twice"),
    ],
)
def test_file_refused_whole(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with duckdb.connect() as con, pytest.raises(NightroundsError, match=told):
        inspect(con, path)


def test_parts_of_a_feed_belong_together(tmp_path: Path) -> None:
    for name in ("LABS.csv", "labs-0002.parquet", "prescriptions/part-7.csv.gz", "notes.md", ".labs.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = {table: [p.name for p in paths] for table, paths in discover(tmp_path).items()}
    assert found == {"labs": ["LABS.csv", "labs-0002.parquet"], "prescriptions": ["part-7.csv.gz"]}


def test_folder_missing_or_empty_is_told(tmp_path: Path) -> None:
    with pytest.raises(NightroundsError, match="no folder"):
        discover(tmp_path / "nowhere")
    with pytest.raises(NightroundsError, match="no CSV or Parquet"):
        discover(tmp_path)


def test_a_sub_folder_that_cannot_be_listed_is_told_and_a_hidden_one_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("labs.csv", "prescriptions/part-1.csv", ".snapshot/labs-0002.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert {table: len(paths) for table, paths in discover(tmp_path).items()} == {"labs": 1, "prescriptions": 1}
    listed = Path.iterdir

    def closed(folder: Path) -> Iterator[Path]:
        if folder.name == "prescriptions":
            raise PermissionError
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", closed)
    with pytest.raises(NightroundsError, match="prescriptions cannot be read"):
        discover(tmp_path)


def test_survey_counts_a_last_line_without_newline(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(b"a\nb")
    assert survey(path).lines == 2
    assert csv_head(path) == (",", ["a"])


@pytest.mark.parametrize(
    ("line", "loose"),
    [
        ('"a" ,b', True), ('x,"a" ,b', True), ('x,"a" b,c', True), ('"" "a",b', True), ('x,"" ,b', True), ('"a"""\t,b', True),
        ('"a", "b",c', False), ('x,"take ""one"" at night",b', False), ('x," a",b', False), ('x,""" a""",b', False),
        ('x," ",b', False), ('x,a ""b"" c', False), ('"a","b"', False), ('"a""" ,b', True),
    ],
)  # fmt: skip
def test_a_quote_that_is_followed_by_a_blank_ends_its_field_or_not(line: str, loose: bool) -> None:
    assert has_loose_quote(f"a,b,c\n{line}\n".encode(), b",") is loose


def test_a_tab_behind_a_quote_is_the_delimiter_of_a_file_with_tabs() -> None:
    assert has_loose_quote(b'a\tb\n"x"\t"y"\n', b",")
    assert not has_loose_quote(b'a\tb\n"x"\t"y"\n', b"\t")


def test_a_loose_quote_on_the_edge_of_two_chunks_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(b'a,b\n"x" ,y\n')
    for size in range(1, 12):
        monkeypatch.setattr("nightrounds.surveying.CHUNK", size)
        assert survey(path, ",").has_loose_quote
        assert not survey(path).has_loose_quote
