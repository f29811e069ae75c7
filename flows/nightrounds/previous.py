"""Yesterday's warehouse: attached read-only, it is what today is compared with and what a delta extract carries on."""

from pathlib import Path

import duckdb

from nightrounds.database import identifier, text_literal
from nightrounds.errors import NightroundsError


def attach_previous(con: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    """Attach the last published warehouse read-only as `previous`; an empty database when there is none."""
    if not warehouse.exists():
        con.execute("ATTACH ':memory:' AS previous")
        return
    try:
        con.execute(f"ATTACH {text_literal(str(warehouse))} AS previous (READ_ONLY)")
    except duckdb.Error as error:
        raise NightroundsError(
            f"The warehouse {warehouse} cannot be opened.",
            "Close whatever writes to it, or name another one with --warehouse.",
        ) from error


def has_previous(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    """Tell whether yesterday's warehouse has a table."""
    query = "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'previous' AND schema_name = ? AND table_name = ?"
    return bool(con.execute(query, [schema, table]).fetchall()[0][0])


def remember_previous(con: duckdb.DuckDBPyConnection) -> None:
    """Create `audit.previous_feeds(feed, rows_loaded)`: how many rows each feed had at the end of the last run."""
    con.execute("CREATE OR REPLACE TABLE audit.previous_feeds (feed VARCHAR, rows_loaded BIGINT)")
    for (table,) in con.execute(
        "SELECT view_name FROM duckdb_views() WHERE database_name = 'previous' AND schema_name = 'extracts'"
    ).fetchall():
        con.execute(
            f"INSERT INTO audit.previous_feeds SELECT ?, count(*) FROM previous.staging.{identifier(table)} WHERE faults IS NULL",
            [table],
        )
