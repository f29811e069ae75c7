"""Load: read an extract folder, type every row, and account for each one: loaded, quarantined or superseded."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import duckdb

from nightrounds.accounts import account_for, record_feeds
from nightrounds.codelists import load_codelists
from nightrounds.database import connect
from nightrounds.delta import attach_previous, carry_over, has_previous, remember_previous
from nightrounds.errors import NightroundsError
from nightrounds.files import ExtractInfo, check_file_names, discover, is_ndjson, read_info
from nightrounds.ndjson import COLUMN, Resources, read_resources
from nightrounds.rawtables import RawFile, create_raw_table, inspect
from nightrounds.run import Run
from nightrounds.sources import BASE_FEEDS, FEEDS, FeedSource, find_source, load_source
from nightrounds.sqlfiles import SqlFile, Value
from nightrounds.staging import Feed, create_source_view, publish_feed, set_aside, settle_duplicates, type_rows
from nightrounds.warehouse import create_macros, create_records, create_schemas

Say = Callable[[str], None]


def load(run: Run, say: Say = lambda _: None) -> None:
    """Fill `extracts.*`, `audit.batches` and `audit.quarantine` of a new building database.

    Raises NightroundsError when a needed feed is absent, or a file of one is refused.
    """
    run.building.unlink(missing_ok=True)
    info, groups = read_info(run.extract, run.site.zone), discover(run.extract)
    source = load_source(find_source(run.project.sql, run.source))
    with connect(run.building, threads=run.site.threads, memory_limit=run.site.memory_limit) as con:
        run.building.chmod(0o600)
        prepare(con, run)
        raw = _read_raw(con, source, groups, run)
        values: dict[str, Value] = {"zone": run.site.zone, "extracted_on": info.extracted_on or run.as_of}
        for name in FEEDS:
            feed = _feed(run.project.sql / "extracts" / f"{name}.sql", source.get(name), raw)
            if run.accept_gate is None and (info.mode == "snapshot" or not has_previous(con, "staging", name)):
                _require(feed, source.get(name))
            create_source_view(con, feed)
            type_rows(con, feed, values)
            settle_duplicates(con, feed)
            set_aside(con, feed, run.run_id)
            say(account_for(con, feed, run.run_id))
            carry_over(con, feed, info.mode)
            publish_feed(con, feed)
            if name == "patients":
                _list_quarantined_patients(con)
        record_feeds(con, _delivered(source, raw, info), info.covers)
        con.execute("DROP SCHEMA source CASCADE")
        con.execute("DROP SCHEMA raw CASCADE")


def prepare(con: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Create schemas, macros, code lists and the tables that account for rows; attach the previous warehouse."""
    create_schemas(con)
    create_macros(con, run.project.sql / "macros")
    load_codelists(con, run.project.rules / "codelists")
    create_records(con, run.project.sql / "records")
    attach_previous(con, run.warehouse)
    remember_previous(con)


def _read_raw(
    con: duckdb.DuckDBPyConnection, source: dict[str, FeedSource], groups: dict[str, list[Path]], run: Run
) -> dict[str, list[RawFile]]:
    """Create every raw table that the source mentions; return the files of those that were delivered and are whole."""
    wanted: dict[str, set[str]] = {}
    for feed in source.values():
        for table, columns in feed.raw_columns.items():
            wanted.setdefault(table, set()).update(columns)
    found: dict[str, list[RawFile]] = {}
    tables, lines = _by_format(groups)
    resources = _read_resources(con, lines, wanted, run)
    with ThreadPoolExecutor(max_workers=2) as pool:
        for table, columns in wanted.items():
            try:
                if table in resources.refused:
                    raise resources.refused[table]
                if table in resources.files:
                    found[table] = resources.files[table]
                    continue
                check_file_names(tables.get(table, []))
                files = list(pool.map(lambda path: inspect(con.cursor(), path), tables.get(table, [])))
                _check_columns(table, files, source)
                create_raw_table(con, table, columns, files, run.building.parent)
            except NightroundsError as error:
                # An optional feed's rules are then not run; a needed feed can only be done without on somebody's word.
                if run.accept_gate is None and any(table in source[f].needs for f in BASE_FEEDS if f in source):
                    raise
                files = []
                create_raw_table(con, table, columns, [], run.building.parent)
                _record_refusal(con, table, source, error)
            if files:
                found[table] = files
    _list_ignored(con, tables, found, wanted, resources)
    return found


def _by_format(groups: dict[str, list[Path]]) -> tuple[dict[str, list[Path]], list[Path]]:
    """Part the files into those that are tables, by table, and those of a resource a line."""
    tables = {table: kept for table, paths in groups.items() if (kept := [p for p in paths if not is_ndjson(p)])}
    return tables, [path for paths in groups.values() for path in paths if is_ndjson(path)]


def _read_resources(con: duckdb.DuckDBPyConnection, paths: list[Path], wanted: dict[str, set[str]], run: Run) -> Resources:
    """Read NDJSON files for a source that reads resources; any other source is told of them as files it does not read."""
    types = {table for table, columns in wanted.items() if COLUMN in columns}
    if not types:
        return Resources(unread=[(path.name, None) for path in paths])
    return read_resources(con, paths, types, run.building.parent)


def _list_ignored(
    con: duckdb.DuckDBPyConnection,
    groups: dict[str, list[Path]],
    found: dict[str, list[RawFile]],
    wanted: dict[str, set[str]],
    resources: Resources,
) -> None:
    """Fill `audit.ignored` with the files, columns and types of resource that the source does not read."""
    unread = [[path.name, None] for table, paths in groups.items() if table not in wanted for path in paths]
    unread += [[name, kind] for name, kind in resources.unread]
    for table, files in found.items():
        foreign = [(file.path.name, c) for file in files for c in file.columns if c not in wanted[table]]
        unread += [[name, column or "(no name)"] for name, column in foreign]
    if unread:
        con.executemany("INSERT INTO audit.ignored VALUES (?, ?)", unread)


def _record_refusal(con: duckdb.DuckDBPyConnection, table: str, source: dict[str, FeedSource], error: NightroundsError) -> None:
    """Note in `audit.refused` why a raw table is not read, for each feed that is absent without it."""
    feeds = [name for name, feed in source.items() if table in feed.needs] or [None]
    con.executemany("INSERT INTO audit.refused VALUES (?, ?)", [[feed, error.sentence] for feed in feeds])


def _check_columns(table: str, files: list[RawFile], source: dict[str, FeedSource]) -> None:
    needed = {column for feed in source.values() for column in feed.needs.get(table, [])}
    for file in files:
        if missing := sorted(needed - set(file.columns)):
            raise NightroundsError(
                f"The file {file.path.name} has no column {missing[0]!r}.",
                "Ask for an export with that column, or describe the site's own names in a source (nightrounds source new).",
            )


def _feed(contract: Path, source: FeedSource | None, raw: dict[str, list[RawFile]]) -> Feed:
    present = source is not None and all(table in raw for table in source.needs)
    feed = Feed(SqlFile(contract), source if present else None, [])
    return Feed(feed.contract, feed.source, raw[feed.main_table] if present else [])


def _require(feed: Feed, source: FeedSource | None) -> None:
    """Refuse an extract without a base feed; a delta may leave out what is there already, and somebody's word may do without."""
    if feed.source is None and feed.name in BASE_FEEDS:
        expected = ", ".join(source.needs) if source else feed.name
        raise NightroundsError(
            f"The extract has no usable {feed.name} (expected a file named {expected}).",
            "Patients, prescriptions and labs are needed; check the export and --source.",
        )


def _list_quarantined_patients(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "CREATE OR REPLACE TABLE staging.patients_quarantined AS SELECT DISTINCT patient_id FROM staging.patients "
        "WHERE faults IS NOT NULL AND patient_id IS NOT NULL"
    )


def _delivered(source: dict[str, FeedSource], raw: dict[str, list[RawFile]], info: ExtractInfo) -> dict[str, date | None]:
    """Feeds that came with this extract, with the watermark that `extract.json` states."""
    return {f: info.covers.get(f) for f, s in source.items() if all(table in raw for table in s.needs)}
