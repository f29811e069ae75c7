"""Documentation of the analysts' database: the header of every SQL file becomes comments and two tables to query."""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from nightrounds.database import identifier, text_literal
from nightrounds.sqlfiles import SqlFile, layers

# Folders of sql/ whose files make published tables, with the schemas of those.
FOLDERS = {"facts": "facts", "audit": "audit", "records": "audit", "records/marts": "mart", "marts": "mart"}
HEADERS = "CREATE OR REPLACE TEMP TABLE headers (schema_name VARCHAR, table_name VARCHAR, column_name VARCHAR, comment VARCHAR)"
TABLES = """
    CREATE OR REPLACE TABLE docs.tables AS
    SELECT t.schema_name, t.table_name, h.comment, t.estimated_size AS rows
    FROM duckdb_tables() AS t
    LEFT JOIN headers AS h ON t.schema_name = h.schema_name AND t.table_name = h.table_name AND h.column_name = ''
    WHERE t.database_name = current_database() AND list_contains($schemas, t.schema_name)
        AND NOT list_contains($internal, t.table_name)
    ORDER BY ALL
"""
COLUMNS = """
    CREATE OR REPLACE TABLE docs.columns AS
    SELECT c.schema_name, c.table_name, c.column_index AS position, c.column_name, c.data_type, h.comment
    FROM duckdb_columns() AS c
    SEMI JOIN docs.tables USING (schema_name, table_name)
    LEFT JOIN headers AS h USING (schema_name, table_name, column_name)
    WHERE c.database_name = current_database()
    ORDER BY ALL
"""


def list_tables(con: duckdb.DuckDBPyConnection, sql: Path, schemas: tuple[str, ...], internal: tuple[str, ...]) -> None:
    """Create `docs.tables` and `docs.columns`: what is published, each with the words of its SQL file's header."""
    rows = [(schema, file.table, column, text) for schema, file in _files(sql) for column, text in _words(file)]
    con.execute(HEADERS)
    places = [list(column) for column in zip(*rows, strict=True)]
    con.execute("INSERT INTO headers SELECT unnest(?), unnest(?), unnest(?), unnest(?)", places)
    con.execute(TABLES, {"schemas": list(schemas), "internal": list(internal)})
    con.execute(COLUMNS)


def comment_on(con: duckdb.DuckDBPyConnection, database: str) -> None:
    """Put the words of `docs.tables` and `docs.columns` on the tables and columns of an attached database."""
    statements = [
        f"COMMENT ON TABLE {database}.{schema}.{identifier(table)} IS {text_literal(text)};"
        for schema, table, text in con.execute(
            "SELECT schema_name, table_name, coalesce(comment, '') FROM docs.tables"
        ).fetchall()
    ]
    described = "SELECT schema_name, table_name, column_name, comment FROM docs.columns WHERE comment IS NOT NULL"
    statements += [
        f"COMMENT ON COLUMN {database}.{schema}.{identifier(table)}.{identifier(column)} IS {text_literal(text)};"
        for schema, table, column, text in con.execute(described).fetchall()
    ]
    con.execute(" ".join(statements))


def _files(sql: Path) -> Iterator[tuple[str, SqlFile]]:
    for folder, schema in FOLDERS.items():
        for layer in layers(sql / folder):
            yield from ((schema, file) for file in layer)


def _words(file: SqlFile) -> Iterator[tuple[str, str]]:
    yield "", file.comment
    yield from file.column_comments.items()
