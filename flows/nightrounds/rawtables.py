"""Raw tables: every file of a table as text columns with the file's name and the physical line of each row."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from nightrounds.carefully import BadLine, read_carefully
from nightrounds.database import identifier, path_literal, text_literal
from nightrounds.files import check_names, csv_head, is_csv, refused
from nightrounds.surveying import Survey, survey


@dataclass
class RawFile:
    """One file of a raw table, and what came of reading it."""

    path: Path
    columns: list[str]
    delimiter: str
    survey: Survey
    bad_lines: list[BadLine] = field(default_factory=list)
    # Its good rows, when they were counted as it was read: to count them in the table would be to read it again.
    rows: int | None = None


def inspect(con: duckdb.DuckDBPyConnection, path: Path) -> RawFile:
    """Read a file's head and hash it. Raises NightroundsError when it cannot be read to its end."""
    if is_csv(path):
        delimiter, columns = csv_head(path)
        return RawFile(path, columns, delimiter, survey(path, delimiter))
    surveyed = survey(path)
    try:
        con.execute(f"SELECT * FROM read_parquet({path_literal(path)}) LIMIT 0")
        described = con.description or []
        # DuckDB gives a second column of one name a new one; the file's own schema does not.
        stored = pq.read_schema(path).names
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise refused(path, "is not a readable Parquet file") from error
    check_names(path, [name.lower() for name in stored])
    return RawFile(path, [name.lower() for name, *_ in described], "", surveyed)


def create_raw_table(
    con: duckdb.DuckDBPyConnection,
    table: str,
    wanted: Iterable[str],
    files: list[RawFile],
    workdir: Path,
    *,
    copied: bool = False,
) -> None:
    """Create `raw.<table>` with the wanted columns (text; NULL where a file lacks one), `file` and `line`.

    It is a view of its files, since to copy them costs more than to read them thrice; or of a copy, where a file had to be
    read carefully, or its text is joined with others (`copied`): of a copy the planner knows how long it is.
    """
    columns, queries = sorted(set(wanted)), [_no_rows(set(wanted))] if not files else []
    scratch: list[Path] = []
    for number, file in enumerate(files):
        if not is_csv(file.path):
            queries.append(_query(columns, file, *_parquet_places(file)))
        elif _is_quick(con, columns, file):
            queries.append(_query(columns, file, *_csv_places(file)))
        else:
            scratch.append(workdir / f"{table}-{number}.parquet")
            file.bad_lines = read_carefully(file.path, file.delimiter, len(file.columns), scratch[-1])
            queries.append(_query(columns, file, *_careful_places(file, scratch[-1])))
    query = " UNION ALL ".join(queries)
    if scratch or (copied and any(is_csv(file.path) for file in files)):
        copy = f"raw.{identifier(table + ' copied')}"
        con.execute(f"CREATE OR REPLACE TABLE {copy} AS {query}")
        query = f"SELECT * FROM {copy}"
    con.execute(f"CREATE OR REPLACE VIEW raw.{identifier(table)} AS {query}")
    for path in scratch:
        path.unlink()


def _no_rows(columns: set[str]) -> str:
    declared = "".join(f"NULL::VARCHAR AS {identifier(c)}, " for c in sorted(columns))
    return f"SELECT {declared}NULL::VARCHAR AS file, NULL::BIGINT AS line WHERE false"


def _query(columns: list[str], file: RawFile, source: str, line: str, places: dict[str, str]) -> str:
    """Return the SELECT of the wanted columns of a file from a reader, which has them in `places`."""
    chosen = "".join(f"CAST({places.get(c, 'NULL')} AS VARCHAR) AS {identifier(c)}, " for c in columns)
    return f"SELECT {chosen}{text_literal(file.path.name)} AS file, {line} AS line FROM {source}"


def _parquet_places(file: RawFile) -> tuple[str, str, dict[str, str]]:
    source = f"read_parquet({path_literal(file.path)}, file_row_number = true)"
    return source, "file_row_number + 1", {name: identifier(name) for name in file.columns}


def _csv_places(file: RawFile) -> tuple[str, str, dict[str, str]]:
    types = "{" + ", ".join(f"c{i}: 'VARCHAR'" for i in range(len(file.columns))) + "}"
    source = (
        f"read_csv({path_literal(file.path)}, auto_detect = false, delim = {text_literal(file.delimiter)}, "
        f"quote = '\"', escape = '\"', header = true, columns = {types})"
    )
    return source, "row_number() OVER () + 1", {name: f"c{i}" for i, name in enumerate(file.columns)}


def _careful_places(file: RawFile, scratch: Path) -> tuple[str, str, dict[str, str]]:
    # To DuckDB an empty field is NULL.
    return f"read_parquet({path_literal(scratch)})", "line", {name: f"nullif(c{i}, '')" for i, name in enumerate(file.columns)}


def _is_quick(con: duckdb.DuckDBPyConnection, columns: list[str], file: RawFile) -> bool:
    """Read all that is wanted once with DuckDB: whether every physical line is one good record; if so, count the rows."""
    if not file.survey.is_plain:
        return False
    source, _, places = _csv_places(file)
    # A column that nobody counts is not looked at, and not found to be no text.
    counted = "".join(f", count({places[c]})" for c in columns if c in places)
    try:
        rows = int(con.execute(f"SELECT count(*){counted} FROM {source}").fetchall()[0][0])
    except duckdb.InvalidInputException:
        return False
    # A line more or less than rows means blank lines or line breaks inside quotes.
    file.rows = rows if rows == file.survey.lines - 1 else None
    return file.rows is not None
