"""How every DuckDB connection is opened: closed to the network, deterministic, and frugal with memory."""

import os
import re
from pathlib import Path

import duckdb

SETTINGS = {
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


def connect(
    file: Path | None = None, *, threads: int | None = None, memory_limit: str | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a database file for writing, or one in memory; spilling goes to a folder beside the file.

    The file's own folder, which nobody else may open, is made when it is not there.
    """
    config: dict[str, str | bool | int | float | list[str]] = dict(SETTINGS)
    if threads:
        config["threads"] = threads
    if memory_limit:
        config["memory_limit"] = memory_limit
    if file:
        file.parent.mkdir(mode=0o700, exist_ok=True)
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


def text_literal(value: str) -> str:
    """Quote a text for the few statements that take no bound parameter (views, ATTACH, COPY)."""
    return "'" + value.replace("'", "''") + "'"


def path_literal(path: Path) -> str:
    """Quote a file's path for a reader of files, which would otherwise take `[`, `*` and `?` in it for a pattern."""
    return text_literal(re.sub(r"[\[*?]", r"[\g<0>]", str(path)))


def identifier(name: str) -> str:
    """Quote a name of a table or column."""
    return '"' + name.replace('"', '""') + '"'
