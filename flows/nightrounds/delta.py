"""Yesterday's warehouse: what it holds is carried over by a delta extract, and is what today is compared with.

A file is known by its content: in a delta, one that was loaded before says nothing new, even when its rows have been changed or
removed since. Only its rows that could not be used then are looked at again, since their patient may have come by now.
"""

from pathlib import Path

import duckdb

from nightrounds.database import identifier, text_literal
from nightrounds.deliveries import UNCOUNTED
from nightrounds.errors import NightroundsError
from nightrounds.rawtables import RawFile
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


def recall_files(con: duckdb.DuckDBPyConnection) -> None:
    """Create `staging.known_files`: content of each file that a feed was loaded from, and its lines that could not be used."""
    con.execute("CREATE OR REPLACE TABLE staging.known_files (feed VARCHAR, content VARCHAR, bad_lines BIGINT[])")
    if has_previous(con, "staging", "known_files"):
        con.execute("INSERT INTO staging.known_files SELECT * FROM previous.staging.known_files")


def supersede_known(con: duckdb.DuckDBPyConnection, feed: Feed, mode: str) -> None:
    """In a delta, supersede the good rows of files that are known: they leave `staging.<feed>` for `staging.superseded`."""
    con.execute("CREATE OR REPLACE TABLE staging.superseded (file VARCHAR, line BIGINT)")
    for file in feed.files if mode == "delta" else []:
        _supersede_file(con, feed, file)


def _supersede_file(con: duckdb.DuckDBPyConnection, feed: Feed, file: RawFile) -> None:
    for bad_lines in _known(con, feed, file):
        con.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE again AS
            SELECT rowid AS place, file, line FROM staging.{feed.name}
            WHERE file = $file AND faults IS NULL AND line NOT IN (SELECT unnest($bad_lines::BIGINT[]))
            """,
            {"file": file.path.name, "bad_lines": bad_lines},
        )
        con.execute("INSERT INTO staging.superseded SELECT file, line FROM again")
        con.execute(f"DELETE FROM staging.{feed.name} WHERE rowid IN (SELECT place FROM again)")


def _known(con: duckdb.DuckDBPyConnection, feed: Feed, file: RawFile) -> list[list[int]]:
    """Return the lines of a known file that could not be used, as the only item; nothing for a new file."""
    query = "SELECT bad_lines FROM staging.known_files WHERE feed = ? AND content = ?"
    return [lines for (lines,) in con.execute(query, [feed.name, feed.content_of(file)]).fetchall()]


def remember_files(con: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    """Add the files of a feed to `staging.known_files`. What conflicted with another row could be used, and was settled."""
    for file in feed.files:
        place = {"feed": feed.name, "content": feed.content_of(file)}
        con.execute("DELETE FROM staging.known_files WHERE feed = $feed AND content = $content", place)
        con.execute(
            f"""
            INSERT INTO staging.known_files
            SELECT $feed, $content, coalesce(list(DISTINCT line), []) FROM staging.{feed.name}
            WHERE file = $file AND len([f FOR f IN faults IF f.reason <> 'conflicting duplicate']) > 0
            """,
            place | {"file": file.path.name},
        )


def carry_over(con: duckdb.DuckDBPyConnection, feed: Feed, mode: str) -> None:
    """In a delta, add yesterday's rows whose ids did not come today; in any mode, drop rows marked as deleted.

    What belongs to a patient who was removed is not carried over: nobody would be left whose it is. A bad row replaces nothing,
    but a result that is a text now (hemolyzed) withdraws the number that it was, unless its file is known.
    """
    table, key = f"staging.{feed.name}", identifier(feed.key)
    owned = "" if feed.name == "patients" else "AND old.patient_id IN (SELECT patient_id FROM extracts.patients)"
    _, text = UNCOUNTED.get(feed.name, ("", ""))
    if mode == "delta" and has_previous(con, "staging", feed.name):
        con.execute(
            f"""
            INSERT INTO {table} BY NAME
            SELECT old.* FROM previous.{table} AS old
            WHERE old.faults IS NULL AND old.{key} NOT IN (
                SELECT {key} FROM {table}
                WHERE faults IS NULL OR (file IN $new AND list_bool_and([f.reason = $text FOR f IN faults]))
            )
            {owned}
            """,
            {"text": text, "new": [file.path.name for file in feed.files if not _known(con, feed, file)]},
        )
    con.execute(f"DELETE FROM {table} WHERE deleted AND faults IS NULL")
