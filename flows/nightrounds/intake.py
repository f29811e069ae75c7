"""Intake: make every raw table that a source mentions from what the extract holds of it, and tell what is not taken in.

A file that cannot be used is refused whole. The run then ends, unless no needed feed rests on the file or somebody gave
their word: its table stays empty, and the feeds that need it are absent. A Parquet file is looked at only when its feed
is typed, so that one which breaks off in the middle is found out then.
"""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from nightrounds.database import identifier, path_literal
from nightrounds.errors import NightroundsError
from nightrounds.files import check_file_names, is_ndjson, refused
from nightrounds.ndjson import COLUMN, Resources, read_resources
from nightrounds.rawtables import RawFile, create_raw_table, inspect
from nightrounds.run import Run
from nightrounds.sources import BASE_FEEDS, FeedSource, lack_of


@dataclass
class Intake:
    """A source, the run it is for, and the files of every raw table that was delivered and is whole."""

    con: duckdb.DuckDBPyConnection
    run: Run
    source: dict[str, FeedSource]
    files: dict[str, list[RawFile]] = field(default_factory=dict)

    @property
    def wanted(self) -> dict[str, set[str]]:
        """Raw table -> columns that the source mentions."""
        found: dict[str, set[str]] = {}
        for feed in self.source.values():
            for table, columns in feed.raw_columns.items():
                found.setdefault(table, set()).update(columns)
        return found

    def has(self, feed: str) -> bool:
        """Tell whether a feed was delivered: every raw table that it needs is there."""
        return feed in self.source and all(table in self.files for table in self.source[feed].needs)


def read_raw(intake: Intake, groups: dict[str, list[Path]]) -> None:
    """Create every raw table. Raises NightroundsError for a file that is refused and cannot be done without."""
    tables = {table: kept for table, paths in groups.items() if (kept := [p for p in paths if not is_ndjson(p)])}
    lines = [path for paths in groups.values() for path in paths if is_ndjson(path)]
    resources = _read_resources(intake, lines)
    # To hash a file takes one processor only: the next is begun while the database looks at the one before.
    pool = ThreadPoolExecutor(max_workers=2)
    begun = {
        table: [pool.submit(inspect, intake.con.cursor(), path) for path in tables.get(table, [])] for table in intake.wanted
    }
    try:
        for table in intake.wanted:
            _take_in(intake, table, tables.get(table, []), begun[table], resources)
    finally:
        pool.shutdown(cancel_futures=True)
    _list_ignored(intake, tables, resources)


def _take_in(intake: Intake, table: str, paths: list[Path], begun: list[Future[RawFile]], resources: Resources) -> None:
    try:
        if table in resources.refused:
            raise resources.refused[table]
        files = resources.files.get(table) or _read_table(intake, table, paths, begun)
    except NightroundsError as error:
        do_without(intake, table, error)
    else:
        if files:
            intake.files[table] = files


def do_without(intake: Intake, table: str, error: NightroundsError) -> None:
    """Leave a raw table empty and say why in `audit.refused`. Raises the error when a needed feed rests on the table."""
    needed = any(table in intake.source[feed].needs for feed in BASE_FEEDS if feed in intake.source)
    if needed and intake.run.accept_gate is None:
        raise error
    intake.files.pop(table, None)
    _drop_view(intake.con, table)
    _create(intake, table, [])
    rows = [[name, error.sentence] for name, feed in intake.source.items() if table in feed.needs]
    lack = lack_of(intake.source, table)
    lacking = [[None, f"{error.sentence} {lack}"]] if lack else []
    intake.con.executemany("INSERT INTO audit.refused VALUES (?, ?)", [*rows, *lacking])


def refuse_broken(intake: Intake, tables: Iterable[str]) -> bool:
    """Refuse what has a Parquet file that cannot be read to its end; tell whether there was any among these tables."""
    broken = {table: error for table in tables if (error := _first_broken(intake, intake.files.get(table, [])))}
    for table, error in broken.items():
        do_without(intake, table, error)
    return bool(broken)


def _first_broken(intake: Intake, files: list[RawFile]) -> NightroundsError | None:
    for file in files:
        if file.path.name.lower().endswith(".parquet"):
            try:
                intake.con.execute(f"SELECT count(*) FROM read_parquet({path_literal(file.path)}) AS t WHERE hash(t) = 0")
            except duckdb.Error:
                return refused(file.path, "is not a readable Parquet file")
    return None


def _read_table(intake: Intake, table: str, paths: list[Path], begun: list[Future[RawFile]]) -> list[RawFile]:
    """Make one raw table of its files; what the first of them that is refused says is raised."""
    check_file_names(paths)
    files = [file.result() for file in begun]
    _check_columns(intake, table, files)
    try:
        _create(intake, table, files)
    except duckdb.Error as failure:
        if error := _first_broken(intake, files):
            raise error from failure
        raise
    return files


def _create(intake: Intake, table: str, files: list[RawFile]) -> None:
    read_with = [feed.raw_columns.keys() for feed in intake.source.values() if table in feed.raw_columns]
    workdir = intake.run.building.parent
    create_raw_table(intake.con, table, intake.wanted[table], files, workdir, copied=read_with != [{table}])


def _drop_view(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Make way for a table, which cannot replace a view."""
    if con.execute("SELECT 1 FROM duckdb_views() WHERE schema_name = 'raw' AND view_name = ?", [table]).fetchall():
        con.execute(f"DROP VIEW raw.{identifier(table)}")


def _check_columns(intake: Intake, table: str, files: list[RawFile]) -> None:
    needed = {column for feed in intake.source.values() for column in feed.needs.get(table, [])}
    for file in files:
        if missing := sorted(needed - set(file.columns)):
            raise NightroundsError(
                f"The file {file.path.name} has no column {missing[0]!r}.",
                "Ask for an export with that column, or describe the site's own names in a source (nightrounds source new).",
            )


def _read_resources(intake: Intake, paths: list[Path]) -> Resources:
    """Read NDJSON files for a source that reads resources; any other source is told of them as files it does not read."""
    types = {table for table, columns in intake.wanted.items() if COLUMN in columns}
    if not types:
        return Resources(unread=[(path.name, None) for path in paths])
    return read_resources(intake.con, paths, types, intake.run.building.parent)


def _list_ignored(intake: Intake, groups: dict[str, list[Path]], resources: Resources) -> None:
    """Fill `audit.ignored` with the files, columns and types of resource that the source does not read."""
    wanted = intake.wanted
    unread: list[tuple[str, str | None]] = [(p.name, None) for table in groups if table not in wanted for p in groups[table]]
    unread += resources.unread
    for table, files in intake.files.items():
        unread += [(f.path.name, c or "(no name)") for f in files for c in f.columns if c not in wanted[table]]
    if unread:
        intake.con.executemany("INSERT INTO audit.ignored VALUES (?, ?)", unread)
