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
    con: duckdb.DuckDBPyConnection, table: str, wanted: Iterable[str], files: list[RawFile], workdir: Path
) -> None:
    """Create `raw.<table>` with the wanted columns (text; NULL where a file lacks one), `file` and `line`.

    Parquet files are only looked at through a view; delimited text is read into a table, since it must be read once in
    full before it is known that every line is a record.
    """
    columns = sorted(set(wanted))
    if files and all(file.path.name.lower().endswith(".parquet") for file in files):
        con.execute(f"CREATE OR REPLACE VIEW raw.{identifier(table)} AS {_parquet_query(columns, files)}")
        return
    declared = "".join(f"{identifier(c)} VARCHAR, " for c in columns)
    con.execute(f"CREATE OR REPLACE TABLE raw.{identifier(table)} ({declared}file VARCHAR, line BIGINT)")
    for number, file in enumerate(files):
        target = f"raw.{identifier(table)}"
        if not is_csv(file.path):
            _insert_parquet(con, target, columns, file)
        elif not _insert_csv(con, target, columns, file):
            _insert_carefully(con, target, columns, file, workdir / f"{table}-{number}.parquet")


def _parquet_query(columns: list[str], files: list[RawFile]) -> str:
    """Return the SELECT of the wanted columns over Parquet files, each row with its number in its file."""
    queries = []
    for file in files:
        chosen = "".join(
            f"{f'CAST({identifier(c)} AS VARCHAR)' if c in file.columns else 'NULL::VARCHAR'} AS {identifier(c)}, "
            for c in columns
        )
        source = f"read_parquet({path_literal(file.path)}, file_row_number = true)"
        queries.append(f"SELECT {chosen}{text_literal(file.path.name)} AS file, file_row_number + 1 AS line FROM {source}")
    return " UNION ALL ".join(queries)


def _insert_parquet(con: duckdb.DuckDBPyConnection, target: str, columns: list[str], file: RawFile) -> None:
    con.execute(f"INSERT INTO {target} {_parquet_query(columns, [file])}")


def _insert_csv(con: duckdb.DuckDBPyConnection, target: str, columns: list[str], file: RawFile) -> bool:
    """Read with DuckDB; False (and nothing inserted) unless every physical line was one good record."""
    if not file.survey.is_plain:
        return False
    places = {name: f"c{i}" for i, name in enumerate(file.columns)}
    types = "{" + ", ".join(f"c{i}: 'VARCHAR'" for i in range(len(file.columns))) + "}"
    source = (
        f"read_csv({path_literal(file.path)}, auto_detect = false, delim = {text_literal(file.delimiter)}, "
        f"quote = '\"', escape = '\"', header = true, columns = {types}, store_rejects = true, rejects_limit = 0)"
    )
    con.execute("BEGIN")
    try:
        rows = _insert(con, target, columns, file, source, "row_number() OVER () + 1", places)
    except duckdb.InvalidInputException:
        rows = -1
    # A line more or less than rows means rejects, blank lines or line breaks inside quotes.
    whole = rows == file.survey.lines - 1
    con.execute("COMMIT" if whole else "ROLLBACK")
    return whole


def _insert_carefully(con: duckdb.DuckDBPyConnection, target: str, columns: list[str], file: RawFile, scratch: Path) -> None:
    file.bad_lines = read_carefully(file.path, file.delimiter, len(file.columns), scratch)
    # To DuckDB an empty field is NULL.
    places = {name: f"nullif(c{i}, '')" for i, name in enumerate(file.columns)}
    _insert(con, target, columns, file, f"read_parquet({path_literal(scratch)})", "line", places)
    scratch.unlink()


def _insert(
    con: duckdb.DuckDBPyConnection,
    target: str,
    columns: list[str],
    file: RawFile,
    source: str,
    line: str,
    places: dict[str, str],
) -> int:
    chosen = "".join(f"CAST({places[c]} AS VARCHAR), " if c in places else "NULL, " for c in columns)
    name = text_literal(file.path.name)
    done = con.execute(f"INSERT INTO {target} SELECT {chosen}{name}, {line} FROM {source}").fetchall()
    return int(done[0][0])
