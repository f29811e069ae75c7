"""Accounts: for every file and feed, rows read = loaded + quarantined + superseded, or the run stops."""

from datetime import date

import duckdb

from nightrounds.database import identifier
from nightrounds.sources import FEEDS, FeedSource
from nightrounds.staging import Feed

# The clinical date that a feed's watermark is taken from; patients have none.
CLINICAL_DATE = {
    "patients": "NULL::DATE",
    "prescriptions": "start_date",
    "labs": "collected_at",
    "diagnoses": "recorded_date",
    "procedures": "performed_at",
    "administrations": "administered_at",
    "dialysis_sessions": "started_at",
    "encounters": "started_at",
}


class RowsLostError(RuntimeError):
    """The accounts of a feed do not add up: a fault of the program or of a source's SELECT, never of a row."""


def account_for(con: duckdb.DuckDBPyConnection, feed: Feed, run_id: str) -> str:
    """Write one `audit.batches` row per file of a feed, each figure counted by itself; return the sum as a line of text.

    Raises RowsLostError unless the figures of every file add up.
    """
    by_file = {
        "read": _read(con, feed, feed.source) if feed.source else {},
        "loaded": _count(con, f"SELECT file, count(*) FROM staging.{feed.name} WHERE faults IS NULL GROUP BY file"),
        "quarantined": _count(con, f"SELECT file, count(*) FROM staging.{feed.name} WHERE faults IS NOT NULL GROUP BY file"),
        "superseded": _count(con, "SELECT file, count(*) FROM staging.superseded GROUP BY file"),
    }
    watermarks = _watermarks(con, feed)
    totals = [0, 0, 0, 0]
    for position, file in enumerate(feed.files):
        name, bad = file.path.name, len(file.bad_lines)
        counts = [by_file[k].get(name, 0) for k in by_file]
        counts[0], counts[2] = counts[0] + bad, counts[2] + bad
        if counts[0] != sum(counts[1:]):
            raise RowsLostError(
                f"{feed.name}: {name} has {counts[0]} rows, but {counts[1]} + {counts[2]} + {counts[3]} are accounted for"
            )
        row = [
            f"{run_id}/{feed.name}/{position}",
            feed.name,
            name,
            file.survey.sha256,
            *counts,
            watermarks.get(name),
            run_id,
        ]
        con.execute(f"INSERT INTO audit.batches VALUES ({', '.join('?' * len(row))})", row)
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
    if not feed.source:
        return f"{feed.name}: not delivered"
    return f"{feed.name}: read {totals[0]} = loaded {totals[1]} + quarantined {totals[2]} + superseded {totals[3]}"


def record_feeds(con: duckdb.DuckDBPyConnection, delivered: set[str], covers: dict[str, date]) -> None:
    """Create `extracts.feeds(feed, present, watermark)`: a feed is present when delivered now or carried over."""
    con.execute("CREATE OR REPLACE TABLE extracts.feeds (feed VARCHAR, present BOOLEAN, watermark DATE)")
    for feed in FEEDS:
        rows, latest = con.execute(f"SELECT count(*), max({CLINICAL_DATE[feed]})::DATE FROM extracts.{feed}").fetchall()[0]
        con.execute(
            "INSERT INTO extracts.feeds VALUES (?, ?, ?)",
            [feed, feed in delivered or rows > 0, covers.get(feed, latest)],
        )


def _read(con: duckdb.DuckDBPyConnection, feed: Feed, source: FeedSource) -> dict[str, int]:
    """Rows of the main raw table by file. A row that holds several of the feed counts for each of them.

    The further ones are counted by place (file and line), so that a row of which nothing came out still is one missing.
    """
    rows = {file.path.name: file.rows for file in feed.files if file.rows is not None}
    if len(rows) < len(feed.files):
        rows = _count(con, f"SELECT file, count(*) FROM raw.{identifier(feed.main_table)} GROUP BY file")
    if not source.splits:
        return rows
    places = f"(SELECT file, line FROM staging.{feed.name} UNION ALL SELECT file, line FROM staging.superseded)"
    further = _count(con, f"SELECT file, count(*) - count(DISTINCT line) FROM {places} GROUP BY file")
    return {file: count + further.get(file, 0) for file, count in rows.items()}


def _watermarks(con: duckdb.DuckDBPyConnection, feed: Feed) -> dict[str, date]:
    latest = f"SELECT file, max({CLINICAL_DATE[feed.name]})::DATE FROM staging.{feed.name} WHERE faults IS NULL GROUP BY file"
    return dict(con.execute(latest).fetchall())


def _count(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    return dict(con.execute(query).fetchall())
