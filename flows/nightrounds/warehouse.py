"""Build: turn typed feeds into clinical facts, one SQL file a table, layer by layer."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb

from nightrounds.database import identifier
from nightrounds.parameters import shared_parameters
from nightrounds.sides import side_by_side
from nightrounds.sqlfiles import SqlFile, Value, layers, sql_files

SCHEMAS = ("raw", "source", "staging", "extracts", "codelists", "clean", "facts", "audit", "mart", "docs")
Say = Callable[[str], None]


def create_schemas(con: duckdb.DuckDBPyConnection) -> None:
    """Create every schema of the house."""
    for schema in SCHEMAS:
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")


def create_macros(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Create the SQL functions that the layers share; one that calls another is created after it, whatever their names."""
    waiting = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))]
    while waiting:
        early = [text for text in waiting if not _created(con, text)]
        if len(early) == len(waiting):
            con.execute(early[0])
        waiting = early


def _created(con: duckdb.DuckDBPyConnection, text: str) -> bool:
    """Try to create a macro; False when it calls one that is not there yet."""
    try:
        con.execute(text)
    except duckdb.CatalogException:
        return False
    return True


def create_records(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Create the empty tables of schemas `audit` and `mart` that Python fills: one SELECT without rows in each file."""
    for schema, place in (("audit", folder), ("mart", folder / "marts")):
        for file in sql_files(place):
            build_table(con, schema, file, {})


def fact_parameters(rules: Path) -> dict[str, Value]:
    """Return the defaults of the parameters that facts bind (rules/facts.toml)."""
    return {name: entry["default"] for name, entry in shared_parameters(rules).items()}


def build_table(con: duckdb.DuckDBPyConnection, schema: str, file: SqlFile, values: Mapping[str, Value]) -> None:
    """Materialise one file as `schema.<file name>`."""
    con.execute(f"CREATE OR REPLACE TABLE {schema}.{identifier(file.table)} AS {file.text}", file.bind(values) or None)


def build_schema(
    con: duckdb.DuckDBPyConnection,
    folder: Path,
    values: Mapping[str, Value],
    *,
    order: Callable[[Sequence[SqlFile]], Sequence[SqlFile]] = list,
    say: Say = lambda _: None,
) -> None:
    """Build every table of a schema's folder; `order` arranges the files inside a sub-layer (it never matters)."""
    schema = folder.name if folder.name != "marts" else "mart"

    def make(own: duckdb.DuckDBPyConnection, file: SqlFile) -> None:
        say(f"{folder.name}.{file.table}")
        build_table(own, schema, file, values)

    for layer in layers(folder):
        side_by_side(con, make, order(layer))
    # What stands in views/ reads the layers before it and is itself read once: a copy of it would only cost time.
    for file in sql_files(folder / "views"):
        con.execute(f"CREATE OR REPLACE VIEW {folder.name}.{identifier(file.table)} AS {file.text}")


def build_facts(con: duckdb.DuckDBPyConnection, sql: Path, values: Mapping[str, Value], say: Say = lambda _: None) -> None:
    """Build the schemas `clean` and `facts` from `extracts` and `codelists`."""
    for schema in ("clean", "facts"):
        build_schema(con, sql / schema, values, say=say)
