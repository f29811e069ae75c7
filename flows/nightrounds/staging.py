"""Staging: one feed's rows typed by its contract, faults and duplicates told apart from what is loaded."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import polars as pl
import pyarrow as pa

from nightrounds.database import identifier, text_literal
from nightrounds.rawtables import RawFile
from nightrounds.sources import FeedSource
from nightrounds.sqlfiles import SqlFile, Value

FAULT = "STRUCT(column_name VARCHAR, value VARCHAR, reason VARCHAR)[]"
# How many ids are compared at a time: their hashes take eight bytes each, beside what the database needs.
AT_ONCE = 20_000_000


@dataclass(frozen=True)
class Feed:
    """A feed's contract and, when it was delivered, its source and the files of its main raw table."""

    contract: SqlFile
    source: FeedSource | None
    files: list[RawFile]

    @property
    def name(self) -> str:
        """Name of the feed."""
        return self.contract.table

    @property
    def key(self) -> str:
        """The feed's own id column: the first of its contract."""
        return next(iter(self.contract.column_comments))

    @property
    def main_table(self) -> str:
        """The raw table of which every row is one row of the feed."""
        return next(iter(self.source.needs)) if self.source else self.name


def create_source_view(con: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    """Create `source.<feed>`: the source's SELECT with every column of the contract, as text; empty when absent."""
    wanted = [*(c for c in feed.contract.column_comments if c not in ("file", "line", "deleted", "faults")), "deleted"]
    query = feed.source.file.text if feed.source else "SELECT NULL::VARCHAR AS file, NULL::BIGINT AS line WHERE false"
    given = {str(row[0]).lower() for row in con.execute(f"DESCRIBE {query}").fetchall()}
    columns = "".join(f"CAST({identifier(c) if c in given else 'NULL'} AS VARCHAR) AS {identifier(c)}, " for c in wanted)
    con.execute(f"CREATE OR REPLACE VIEW source.{feed.name} AS SELECT {columns}file, line FROM ({query}\n) AS given")


def type_rows(con: duckdb.DuckDBPyConnection, feed: Feed, values: Mapping[str, Value]) -> None:
    """Create `staging.<feed>`: the contract's typed columns with `faults`, a list of what is wrong or NULL.

    Ids are stored as they are: hardly two are the same, and to compress them takes as long as all the rest.
    """
    bound = feed.contract.bind(values) or None
    plain = {feed.key, "patient_id"}
    columns = ", ".join(
        f"{identifier(name)} {kind}{' USING COMPRESSION uncompressed' if name in plain else ''}"
        for name, kind, *_ in con.execute(f"DESCRIBE {feed.contract.text}", bound).fetchall()
    )
    con.execute(f"CREATE OR REPLACE TABLE staging.{feed.name} ({columns})")
    with _sides_as_written(con, feed):
        con.execute(f"INSERT INTO staging.{feed.name} {feed.contract.text}", bound)


@contextmanager
def _sides_as_written(con: duckdb.DuckDBPyConnection, feed: Feed) -> Iterator[None]:
    """Let the right side of a join be hashed where rows come out of delimited text, which the planner takes for short."""
    if any(file.rows is not None for file in feed.files):
        con.execute("SET disabled_optimizers = 'build_side_probe_side'")
    try:
        yield
    finally:
        con.execute("RESET disabled_optimizers")


def settle_duplicates(con: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    """Of the good rows with one id keep the last; equal copies are superseded, other ones get a fault.

    Superseded rows leave `staging.<feed>` and stay countable in `staging.superseded`.
    """
    con.execute("CREATE OR REPLACE TABLE staging.superseded (file VARCHAR, line BIGINT)")
    marks = _repeated_marks(con, feed)
    if not len(marks):
        return
    table, key = f"staging.{feed.name}", identifier(feed.key)
    content = ", ".join(identifier(c) for c in _content_columns(con, feed))
    con.register("suspects", pa.table({"mark": marks.to_arrow()}))
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE copies AS
        WITH repeated AS (
            SELECT {key} FROM {table} SEMI JOIN suspects ON hash({key}) = mark
            WHERE faults IS NULL GROUP BY {key} HAVING count(*) > 1
        ),
        rows AS (
            SELECT t.rowid AS place, {key}, file, line, row({content})::VARCHAR AS content
            FROM {table} AS t SEMI JOIN repeated USING ({key}) WHERE faults IS NULL
        )
        SELECT place, file, line, row_number() OVER latest AS position, content = first_value(content) OVER latest AS is_copy
        FROM rows WINDOW latest AS (PARTITION BY {key} ORDER BY file DESC, line DESC)
        """
    )
    con.unregister("suspects")
    equal = "FROM copies WHERE position > 1 AND is_copy"
    con.execute(f"INSERT INTO staging.superseded SELECT file, line {equal}")
    con.execute(f"DELETE FROM {table} WHERE rowid IN (SELECT place {equal})")
    con.execute(
        f"""
        UPDATE {table}
        SET faults = [{{'column_name': {text_literal(feed.key)}, 'value': {key}, 'reason': 'conflicting duplicate'}}]::{FAULT}
        WHERE rowid IN (SELECT place FROM copies WHERE position > 1 AND NOT is_copy)
        """
    )


def _repeated_marks(con: duckdb.DuckDBPyConnection, feed: Feed) -> pl.Series:
    """Hashes that the ids of several good rows have. To sort numbers is a fraction of grouping texts."""
    good = f"FROM staging.{feed.name} WHERE faults IS NULL"
    parts = con.execute(f"SELECT count(*) // {AT_ONCE} + 1 {good}").fetchall()[0][0]
    found = [pl.Series(dtype=pl.UInt64)]
    for part in range(parts):
        query = f"SELECT hash({identifier(feed.key)}) AS mark {good} AND mark % {parts} = {part}"
        marks = pl.Series(con.sql(query).to_arrow_table()["mark"]).sort()
        found.append(marks.filter(marks == marks.shift(1)).unique())
    return pl.concat(found)


def set_aside(con: duckdb.DuckDBPyConnection, feed: Feed, run_id: str) -> None:
    """Copy every row with a fault, whole and with all its reasons, into `audit.quarantine`; bad lines too."""
    _set_lines_aside(con, feed, run_id)
    if not con.execute(f"SELECT 1 FROM staging.{feed.name} WHERE faults IS NOT NULL LIMIT 1").fetchall():
        return
    key = identifier(feed.key)
    # Several rows of one line are told apart by their ids.
    same = f"AND clean_text(o.{key}) IS NOT DISTINCT FROM s.{key}" if feed.source and feed.source.splits else ""
    query = f"""
        INSERT INTO audit.quarantine
        SELECT $run_id, $feed, s.file, s.line, s.{key},
               array_to_string(list_transform(s.faults, lambda f: f.column_name), '; '),
               array_to_string(list_transform(s.faults, lambda f: coalesce(f.value, '')), '; '),
               array_to_string(list_transform(s.faults, lambda f: f.reason), '; '),
               to_json(o)
        FROM source.{feed.name} AS o RIGHT JOIN (FROM staging.{feed.name} WHERE faults IS NOT NULL) AS s
        ON o.file = s.file AND o.line = s.line {same}
    """
    with _sides_as_written(con, feed):
        con.execute(query, {"run_id": run_id, "feed": feed.name})


def _set_lines_aside(con: duckdb.DuckDBPyConnection, feed: Feed, run_id: str) -> None:
    rows = [
        [run_id, feed.name, file.path.name, bad.line, None, None, None, bad.reason, json.dumps(bad.raw)]
        for file in feed.files
        for bad in file.bad_lines
    ]
    if rows:
        con.executemany(f"INSERT INTO audit.quarantine VALUES ({', '.join('?' * 9)})", rows)


def publish_feed(con: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    """Create the view `extracts.<feed>`: the rows without a fault."""
    good = f"SELECT * EXCLUDE (faults, deleted) FROM staging.{feed.name} WHERE faults IS NULL"
    con.execute(f"CREATE OR REPLACE VIEW extracts.{feed.name} AS {good}")


def _content_columns(con: duckdb.DuckDBPyConnection, feed: Feed) -> list[str]:
    described = con.execute(f"DESCRIBE staging.{feed.name}").fetchall()
    return [name for name, *_ in described if name not in ("file", "line", "faults")]
