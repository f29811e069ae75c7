"""Delta: what yesterday's warehouse holds of a feed, and today's extract does not name, is carried over."""

import duckdb

from nightrounds.database import identifier
from nightrounds.deliveries import UNCOUNTED
from nightrounds.knownfiles import lines_known
from nightrounds.previous import has_previous
from nightrounds.staging import Feed


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
            {"text": text, "new": [file.path.name for file in feed.files if not lines_known(con, feed, file)]},
        )
    con.execute(f"DELETE FROM {table} WHERE deleted AND faults IS NULL")
