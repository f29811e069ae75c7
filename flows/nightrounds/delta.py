"""Yesterday's warehouse: what it holds is carried over by a delta extract, and is what today is compared with."""

from pathlib import Path

import duckdb

from nightrounds.database import identifier, text_literal
from nightrounds.errors import NightroundsError
from nightrounds.staging import Feed


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


def carry_over(con: duckdb.DuckDBPyConnection, feed: Feed, mode: str) -> None:
    """In a delta, add yesterday's rows whose ids did not come today; in any mode, drop rows marked as deleted.

    What belongs to a patient who was removed is not carried over: nobody would be left whose it is.
    """
    table, key = f"staging.{feed.name}", identifier(feed.key)
    owned = "" if feed.name == "patients" else "AND old.patient_id IN (SELECT patient_id FROM extracts.patients)"
    if mode == "delta" and has_previous(con, "staging", feed.name):
        con.execute(
            f"""
            INSERT INTO {table} BY NAME
            SELECT old.* FROM previous.{table} AS old
            WHERE old.faults IS NULL AND old.{key} NOT IN (SELECT {key} FROM {table} WHERE faults IS NULL)
            {owned}
            """
        )
    con.execute(f"DELETE FROM {table} WHERE deleted AND faults IS NULL")
