"""NDJSON: files of one JSON resource a line, such as a FHIR bulk export, read as text and sorted by what each line is.

DuckDB's own reader turns a bad line into an empty row and says nothing, so lines are read as text here and tested. What
a line says it is (`resourceType`) decides where it belongs, not the file's name: every type that the source reads becomes
a raw table `raw.<type in lower case>(resource, file, line)`. The name only tells which type a file stands for when its
lines do not: it owns the file's bad lines, and is a table of no rows when nothing is in the file.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from nightrounds.carefully import BadLine
from nightrounds.database import identifier, path_literal, text_literal
from nightrounds.errors import NightroundsError
from nightrounds.files import check_file_names, open_bytes, refused, resource_named
from nightrounds.rawtables import RawFile
from nightrounds.surveying import Survey, survey

COLUMN = "resource"
# Resources can be long.
BATCH = 5_000
SCHEMA = pa.schema([("line", pa.int64()), (COLUMN, pa.string())])
# What is no plain name is no type; a value is never taken for one, since types that are not read are listed on a page.
TYPE = (
    "CASE WHEN json_valid(resource) THEN lower(nullif(regexp_extract(resource ->> '$.resourceType', '^[A-Za-z]{1,64}$'), '')) END"
)


@dataclass
class Resources:
    """What came of reading NDJSON files: raw files by table, files that were refused by table, and what nobody reads."""

    files: dict[str, list[RawFile]] = field(default_factory=dict)
    refused: dict[str, NightroundsError] = field(default_factory=dict)
    unread: list[tuple[str, str | None]] = field(default_factory=list)


def read_resources(con: duckdb.DuckDBPyConnection, paths: Sequence[Path], wanted: Collection[str], workdir: Path) -> Resources:
    """Read NDJSON files into `raw.resources(type, resource, file, line)` and a view `raw.<type>` for each type delivered.

    Raises NightroundsError when two files have one name, or one cannot be read and no reader of its own is known.
    """
    check_file_names(paths)
    con.execute("CREATE OR REPLACE TABLE raw.resources (type VARCHAR, resource VARCHAR, file VARCHAR, line BIGINT)")
    found = Resources()
    for path in paths:
        named = resource_named(path)
        if named not in wanted and named == _first_type(path):
            found.unread.append((path.name, None))
            continue
        try:
            _read_file(con, path, wanted, workdir, found)
        except NightroundsError as error:
            if named not in wanted:
                raise
            found.refused[named] = error
    for table in found.files.keys() - found.refused.keys():
        con.execute(
            f"CREATE OR REPLACE VIEW raw.{identifier(table)} AS "
            f"SELECT resource, file, line FROM raw.resources WHERE type = {text_literal(table)}"
        )
    return found


def _read_file(con: duckdb.DuckDBPyConnection, path: Path, wanted: Collection[str], workdir: Path, found: Resources) -> None:
    surveyed = survey(path)
    bad = _load_lines(con, path, surveyed, workdir / "lines.parquet") + _take_bad_lines(con, path)
    types = _types(con, path)
    named, read = resource_named(path), [table for table in types if table in wanted]
    owner = named if named in wanted else next(iter(read), None)
    if owner is None and not types:
        raise refused(path, "holds no resource that can be read")
    for table in dict.fromkeys([owner, *read] if owner else read):
        lines = sorted(bad, key=lambda b: b.line) if table == owner else []
        found.files.setdefault(table, []).append(RawFile(path, [COLUMN], "", surveyed, lines))
    found.unread += [(path.name, table) for table in types if table not in wanted] if owner else [(path.name, None)]
    con.execute("DELETE FROM raw.resources WHERE file = ? AND NOT list_contains(?::VARCHAR[], type)", [path.name, read])


def _load_lines(con: duckdb.DuckDBPyConnection, path: Path, surveyed: Survey, scratch: Path) -> list[BadLine]:
    """Insert a file's lines; return those that are no text."""
    if surveyed.is_plain and _insert_lines(con, path, surveyed.lines):
        return []
    bad = _read_carefully(path, scratch)
    _insert(con, path, f"read_parquet({path_literal(scratch)})", "line")
    scratch.unlink()
    return bad


def _insert_lines(con: duckdb.DuckDBPyConnection, path: Path, lines: int) -> bool:
    """Read with DuckDB; False (and nothing inserted) unless every physical line came out as one row."""
    source = (
        f"read_csv({path_literal(path)}, auto_detect = false, delim = chr(1), quote = '', escape = '', "
        "header = false, columns = {'resource': 'VARCHAR'}, store_rejects = true, rejects_limit = 0)"
    )
    con.execute("BEGIN")
    try:
        whole = _insert(con, path, source, "row_number() OVER ()") == lines
    except duckdb.InvalidInputException:
        whole = False
    con.execute("COMMIT" if whole else "ROLLBACK")
    return whole


def _insert(con: duckdb.DuckDBPyConnection, path: Path, source: str, line: str) -> int:
    name = text_literal(path.name)
    done = con.execute(f"INSERT INTO raw.resources SELECT {TYPE}, resource, {name}, {line} FROM {source}").fetchall()
    return int(done[0][0])


def _read_carefully(path: Path, target: Path) -> list[BadLine]:
    """Write the lines that are text to a Parquet file of `line` and `resource`, and return those that are not."""
    bad: list[BadLine] = []
    batch: list[tuple[int, str]] = []
    with pq.ParquetWriter(target, SCHEMA) as writer:
        for item in _lines(path):
            if isinstance(item, BadLine):
                bad.append(item)
                continue
            batch.append(item)
            if len(batch) == BATCH:
                writer.write_batch(_batch(batch))
                batch = []
        writer.write_batch(_batch(batch))
    return bad


def _batch(rows: list[tuple[int, str]]) -> pa.RecordBatch:
    return pa.record_batch([[number for number, _ in rows], [text for _, text in rows]], schema=SCHEMA)


def _lines(path: Path) -> Iterator[tuple[int, str] | BadLine]:
    with open_bytes(path) as file:
        for number, line in enumerate(file, start=1):
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if b"\0" in line:
                yield BadLine(number, text, "NUL byte")
                continue
            try:
                yield number, line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                yield BadLine(number, text, "not UTF-8")


def _take_bad_lines(con: duckdb.DuckDBPyConnection, path: Path) -> list[BadLine]:
    """Remove the lines without a type from `raw.resources`; return those that are not blank."""
    rows = con.execute(
        "SELECT line, resource, if(json_valid(resource), 'no resourceType', 'not JSON') FROM raw.resources "
        "WHERE file = ? AND type IS NULL AND regexp_matches(resource, '\\S') ORDER BY line",
        [path.name],
    ).fetchall()
    con.execute("DELETE FROM raw.resources WHERE file = ? AND type IS NULL", [path.name])
    return [BadLine(*row) for row in rows]


def _types(con: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """Types of a file's lines, the most frequent first."""
    query = "SELECT type FROM raw.resources WHERE file = ? GROUP BY type ORDER BY count(*) DESC, type"
    return [table for (table,) in con.execute(query, [path.name]).fetchall()]


def _first_type(path: Path) -> str | None:
    """Type of the first line, None when it cannot be told: a large export of a type nobody reads need not be read through."""
    try:
        with open_bytes(path) as file:
            resource = json.loads(file.readline())
    except (OSError, EOFError, ValueError, RecursionError):
        return None
    named = resource.get("resourceType") if isinstance(resource, dict) else None
    return named.lower() if isinstance(named, str) else None
