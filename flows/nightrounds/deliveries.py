"""Deliveries: what came of each feed tonight, counted once, in one row a feed, for the expectations that close the gate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from nightrounds.database import identifier
from nightrounds.sides import side_by_side

# Textual results are what laboratories send; they are set aside, but say nothing about the health of the feed.
UNCOUNTED = {"labs": ("value", "not a number")}
DELIVERIES = """
    CREATE OR REPLACE TABLE staging.deliveries (
        feed VARCHAR, watermark DATE, rows_read BIGINT, rows_loaded BIGINT, rows_in_error BIGINT,
        malformed_lines BIGINT, repeated_ids BIGINT, previous_rows BIGINT
    )
"""
# A line that is no record has no column to blame; of a row with several faults, one that counts is enough.
DELIVERY = """
    INSERT INTO staging.deliveries
    WITH bad AS (
        SELECT
            column_name IS NULL AS malformed,
            column_name IS NOT DISTINCT FROM $column AND reason IS NOT DISTINCT FROM $reason AS uncounted
        FROM audit.quarantine WHERE feed = $feed
    ),
    repeated AS (SELECT {key} FROM extracts.{feed} GROUP BY {key} HAVING count(*) > 1)
    SELECT
        $feed,
        (SELECT max(watermark) FROM extracts.feeds WHERE feed = $feed),
        (SELECT coalesce(sum(rows_read), 0) FROM audit.batches WHERE feed = $feed),
        (SELECT count(*) FROM extracts.{feed}),
        (SELECT count(*) FROM bad WHERE NOT uncounted),
        (SELECT count(*) FROM bad WHERE malformed),
        (SELECT count(*) FROM repeated),
        (SELECT max(rows_loaded) FROM audit.previous_feeds WHERE feed = $feed)
"""


@dataclass(frozen=True)
class Delivery:
    """One row of `staging.deliveries`: what came of one feed tonight."""

    feed: str
    watermark: date | None
    rows_read: int
    rows_loaded: int
    rows_in_error: int
    malformed_lines: int
    repeated_ids: int
    previous_rows: int | None


def deliveries(con: duckdb.DuckDBPyConnection, feeds: Sequence[str]) -> list[Delivery]:
    """Create `staging.deliveries` and return its rows in the order of `feeds`."""
    con.execute(DELIVERIES)
    side_by_side(con, _count, feeds)
    rows = con.execute("SELECT * FROM staging.deliveries").fetchall()
    return sorted((Delivery(*row) for row in rows), key=lambda delivery: list(feeds).index(delivery.feed))


def _count(con: duckdb.DuckDBPyConnection, feed: str) -> None:
    key = identifier(con.execute(f"DESCRIBE extracts.{identifier(feed)}").fetchall()[0][0])
    column, reason = UNCOUNTED.get(feed, ("", ""))
    con.execute(DELIVERY.format(feed=identifier(feed), key=key), {"feed": feed, "column": column, "reason": reason})
