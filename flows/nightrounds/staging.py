"""Staging: one feed's rows typed by its contract, with what is wrong with each; what is at fault goes to quarantine."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from nightrounds.database import identifier
from nightrounds.rawtables import RawFile
from nightrounds.rows import insert_rows
from nightrounds.sources import FeedSource
from nightrounds.sqlfiles import SqlFile, Value

FAULT = "STRUCT(column_name VARCHAR, value VARCHAR, reason VARCHAR)[]"


@dataclass(frozen=True)
class Feed:
    """A feed's contract and, when it was delivered, its source, the files of its main raw table and those looked into."""

    contract: SqlFile
    source: FeedSource | None
    files: list[RawFile]
    beside: tuple[RawFile, ...] = ()

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

    def content_of(self, file: RawFile) -> str:
        """Hash of all that the rows of a file are made from: its own content, and that of the files looked into."""
        parts = [file.survey.sha256, *sorted(other.survey.sha256 for other in self.beside)]
        return hashlib.sha256("".join(parts).encode()).hexdigest()


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
    for file in feed.files:
        keep_bad_lines(con, run_id, file, feed.name)


def keep_bad_lines(con: duckdb.DuckDBPyConnection, run_id: str, file: RawFile, feed: str | None = None) -> None:
    """Put the lines of a file that are no records into `audit.quarantine`; a file that is only looked up is no feed's."""
    place = {"run_id": run_id, "feed": feed, "file": file.path.name}
    lines = [{"line": bad.line, "reason": bad.reason, "raw": json.dumps(bad.raw)} for bad in file.bad_lines]
    insert_rows(con, "audit.quarantine", [place | line for line in lines])


def publish_feed(con: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    """Create the view `extracts.<feed>`: the rows without a fault."""
    good = f"SELECT * EXCLUDE (faults, deleted) FROM staging.{feed.name} WHERE faults IS NULL"
    con.execute(f"CREATE OR REPLACE VIEW extracts.{feed.name} AS {good}")
