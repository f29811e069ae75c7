"""NDJSON files come in line for line: every resource where it says it belongs, every bad line with its number and reason."""

import gzip
from pathlib import Path

import duckdb
import pytest

from nightrounds.database import connect
from nightrounds.errors import NightroundsError
from nightrounds.files import discover, resource_named
from nightrounds.ndjson import Resources, read_resources

PATIENT, OBSERVATION = b'{"resourceType": "Patient", "id": "1"}', b'{"resourceType": "Observation", "id": "2"}'
WANTED = {"patient", "observation"}
# Each: what is in the file, the lines of good resources, the bad lines as (line, reason).
BODIES: dict[str, tuple[bytes, list[int], list[tuple[int, str]]]] = {
    "plain": (PATIENT + b"\n" + PATIENT + b"\n", [1, 2], []),
    "no newline at the end": (PATIENT, [1], []),
    "windows line ends": (PATIENT + b"\r\n" + PATIENT + b"\r\n", [1, 2], []),
    "mixed line ends": (PATIENT + b"\r\n" + PATIENT + b"\n" + PATIENT, [1, 2, 3], []),
    "a byte order mark": (b"\xef\xbb\xbf" + PATIENT + b"\n" + PATIENT, [1, 2], []),
    "a byte order mark and a bad line": (b"\xef\xbb\xbf" + PATIENT + b"\n\0\n", [1], [(2, "NUL byte")]),
    "blank lines are no rows": (b"\n" + PATIENT + b"\n  \t\n\r\n" + PATIENT + b"\n\n", [2, 5], []),
    "blanks around": (b"  " + PATIENT + b" \t\n", [1], []),
    "quotes, commas and letters": ('{"resourceType": "Patient", "n": "a, \\"b\\" é \' \\u0001 😀"}'.encode(), [1], []),
    "not JSON": (PATIENT + b"\nPatient,1\n" + PATIENT, [1, 3], [(2, "not JSON")]),
    "JSON that breaks off": (PATIENT + b'\n{"resourceType": "Patient", "id": "1\n' + PATIENT, [1, 3], [(2, "not JSON")]),
    "two resources in a line": (PATIENT + b" " + PATIENT + b"\n" + PATIENT, [2], [(1, "not JSON")]),
    "a control character": (b'{"resourceType": "Patient"\x01}\n' + PATIENT, [2], [(1, "not JSON")]),
    "not UTF-8": (b'{"resourceType": "Patient", "id": "\xff"}\n' + PATIENT, [2], [(1, "not UTF-8")]),
    "a NUL byte": (b'{"resourceType": "Patient", "id": "\0"}\n' + PATIENT, [2], [(1, "NUL byte")]),
    "no resourceType": (b'{"id": "1"}\n' + PATIENT, [2], [(1, "no resourceType")]),
    "no object": (b'[1]\n5\n"Patient"\nnull\n' + PATIENT, [5], [(n, "no resourceType") for n in (1, 2, 3, 4)]),
    "a type that is no name": (b'{"resourceType": {"a": "John"}}\n{"resourceType": "John Smith"}\n' + PATIENT, [3],
                               [(1, "no resourceType"), (2, "no resourceType")]),
    "a very long line": (b'{"resourceType": "Patient", "x": "' + b"y" * 3_000_000 + b'"}\n' + PATIENT, [1, 2], []),
    "deep nesting": (b'{"resourceType": "Patient", "x": ' + b"[" * 5_000 + b"]" * 5_000 + b"}\n" + PATIENT, [1, 2], []),
    "only blank lines": (b"\n\n", [], []),
}  # fmt: skip


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    opened = connect()
    opened.execute("CREATE SCHEMA raw")
    return opened


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def read(con: duckdb.DuckDBPyConnection, folder: Path) -> Resources:
    return read_resources(con, sorted(folder.glob("*.ndjson*")), WANTED, folder)


def bad_lines(found: Resources, table: str) -> list[tuple[int, str]]:
    return [(bad.line, bad.reason) for file in found.files.get(table, []) for bad in file.bad_lines]


@pytest.mark.parametrize("case", BODIES, ids=str)
@pytest.mark.parametrize("name", ["Patient.ndjson", "Patient.000.ndjson.gz"])
def test_lines(con: duckdb.DuckDBPyConnection, tmp_path: Path, case: str, name: str) -> None:
    body, lines, bad = BODIES[case]
    put(tmp_path, name, body)
    found = read(con, tmp_path)
    rows = con.execute("SELECT file, line FROM raw.patient ORDER BY line").fetchall()
    assert rows == [(name, line) for line in lines]
    sound = con.execute("SELECT count(*) FROM raw.patient WHERE resource ->> '$.resourceType' = 'Patient'").fetchall()
    assert sound == [(len(lines),)]
    assert bad_lines(found, "patient") == bad


def test_a_resource_belongs_where_it_says_whatever_the_file_is_called(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    put(tmp_path, "export.ndjson", PATIENT + b"\n" + OBSERVATION + b"\n" + OBSERVATION + b"\nbad\n")
    put(tmp_path, "Patient.ndjson", OBSERVATION + b"\nbad\n")
    found = read(con, tmp_path)
    assert con.execute("SELECT file, line FROM raw.patient").fetchall() == [("export.ndjson", 1)]
    assert con.execute("SELECT file, line FROM raw.observation ORDER BY ALL").fetchall() == [
        ("Patient.ndjson", 1),
        ("export.ndjson", 2),
        ("export.ndjson", 3),
    ]
    # A bad line counts once: for the type that the file is named after, else for the most frequent one in it.
    assert bad_lines(found, "patient") == [(2, "not JSON")]
    assert bad_lines(found, "observation") == [(4, "not JSON")]


def test_types_that_nobody_reads_are_listed_and_not_kept(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    device = b'{"resourceType": "Device"}\n'
    put(tmp_path, "Device.ndjson", device * 3)
    put(tmp_path, "Patient.ndjson", PATIENT + b"\n" + device)
    put(tmp_path, "other.ndjson", device + b"bad\n")
    found = read(con, tmp_path)
    assert sorted(found.unread, key=str) == [("Device.ndjson", None), ("Patient.ndjson", "device"), ("other.ndjson", None)]
    assert con.execute("SELECT DISTINCT type FROM raw.resources").fetchall() == [("patient",)]


def test_a_file_of_a_type_nobody_reads_is_not_read_through(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "Claim.ndjson.gz").write_bytes(gzip.compress(b'{"resourceType": "Claim"}\n' * 50_000)[:-20])
    assert read(con, tmp_path).unread == [("Claim.ndjson.gz", None)]


@pytest.mark.parametrize("content", [b"", gzip.compress(PATIENT * 500)[:-20]])
def test_a_file_that_breaks_off_is_refused_whole(con: duckdb.DuckDBPyConnection, tmp_path: Path, content: bytes) -> None:
    name = "Patient.ndjson.gz" if content else "Patient.ndjson"
    (tmp_path / name).write_bytes(content)
    put(tmp_path, "Patient.1.ndjson", PATIENT)
    found = read(con, tmp_path)
    assert list(found.refused) == ["patient"]
    assert con.execute("SELECT count(*) FROM duckdb_views() WHERE view_name = 'patient'").fetchall() == [(0,)]


@pytest.mark.parametrize("content", [b"", b"what is this?\n"])
def test_a_file_that_says_nothing_of_what_it_holds_ends_the_reading(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, content: bytes
) -> None:
    put(tmp_path, "export.ndjson", content)
    with pytest.raises(NightroundsError, match=r"export\.ndjson"):
        read(con, tmp_path)


def test_two_files_of_one_name_are_refused(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    paths = [put(tmp_path, "Patient.ndjson", PATIENT), put(tmp_path / "a", "Patient.ndjson", PATIENT)]
    with pytest.raises(NightroundsError, match=r"Two files are named Patient\.ndjson"):
        read_resources(con, paths, WANTED, tmp_path)


@pytest.mark.parametrize("name", ["Observation_laboratory.ndjson.gz", "Observation.000.ndjson", "OBSERVATION-1.ndjson"])
def test_the_name_of_a_file_tells_its_type(name: str) -> None:
    assert resource_named(Path(name)) == "observation"


def test_ndjson_files_are_found_in_an_extract(tmp_path: Path) -> None:
    for name in ("Patient.000.ndjson", "Observation_laboratory.ndjson.gz", "notes.json"):
        put(tmp_path, name, PATIENT)
    assert sorted(p.name for paths in discover(tmp_path).values() for p in paths) == [
        "Observation_laboratory.ndjson.gz",
        "Patient.000.ndjson",
    ]
