"""How every DuckDB connection is opened: closed to the network, deterministic, and frugal with memory."""

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import duckdb

Item = TypeVar("Item")
Made = TypeVar("Made")

SETTINGS = {
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


def connect(
    file: Path | None = None, *, threads: int | None = None, memory_limit: str | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a database file for writing, or one in memory; spilling goes to a private folder beside the file."""
    config: dict[str, str | bool | int | float | list[str]] = dict(SETTINGS)
    if threads:
        config["threads"] = threads
    if memory_limit:
        config["memory_limit"] = memory_limit
    if file:
        config["temp_directory"] = str(file.with_name(file.name + ".spill"))
    con = duckdb.connect(str(file) if file else ":memory:", config=config)
    con.execute("SET TimeZone = 'UTC'")
    return con


def connect_reader(file: Path) -> duckdb.DuckDBPyConnection:
    """Open a published database for analysts: read-only, no file or network access, settings locked."""
    con = duckdb.connect(str(file), read_only=True, config={**SETTINGS, "threads": os.cpu_count() or 1})
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
    return con


def side_by_side(
    con: duckdb.DuckDBPyConnection, work: Callable[[duckdb.DuckDBPyConnection, Item], Made], items: Sequence[Item]
) -> list[Made]:
    """Do `work(connection, item)` for every item, as many at a time as the database has threads; return what each gave.

    Statements on little data use one core each, and planning one always does: two connections keep two cores busy. An item
    alone is worked on `con` itself, in the transaction that it may be in. Raises what the first failing item raised.
    """
    workers = min(len(items), int(con.execute("SELECT current_setting('threads')").fetchall()[0][0]))
    if workers <= 1:
        return [work(con, item) for item in items]

    def on_its_own(item: Item) -> Made:
        with con.cursor() as own:
            own.execute("SET TimeZone = 'UTC'")
            return work(own, item)

    pool = ThreadPoolExecutor(workers)
    try:
        return list(pool.map(on_its_own, items))
    finally:
        pool.shutdown(cancel_futures=True)


def insert_rows(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put rows (column -> value) into a table in one statement: one by one each would take a millisecond."""
    columns = {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {table}").fetchall()}
    con.execute(
        f"INSERT INTO {table} BY NAME SELECT unnest(from_json(?, ?), max_depth := 2)",
        [json.dumps(rows, default=str), json.dumps([columns])],
    )


def text_literal(value: str) -> str:
    """Quote a text for the few statements that take no bound parameter (views, ATTACH, COPY)."""
    return "'" + value.replace("'", "''") + "'"


def path_literal(path: Path) -> str:
    """Quote a file's path for a reader of files, which would otherwise take `[`, `*` and `?` in it for a pattern."""
    return text_literal(re.sub(r"[\[*?]", r"[\g<0>]", str(path)))


def identifier(name: str) -> str:
    """Quote a name of a table or column."""
    return '"' + name.replace('"', '""') + '"'
