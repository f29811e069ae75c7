"""Duplicates: of the good rows with one id the last is kept, equal copies are superseded, other ones are at fault.

Ids are looked at only where their hashes are repeated: to sort numbers is a fraction of grouping texts.
"""

import duckdb
import polars as pl
import pyarrow as pa

from nightrounds.database import identifier, text_literal
from nightrounds.staging import FAULT, Feed

# How many ids are compared at a time: their hashes take eight bytes each, beside what the database needs.
AT_ONCE = 20_000_000


def settle_duplicates(con: duckdb.DuckDBPyConnection, feed: Feed) -> None:
    """Of the good rows with one id keep the last; equal copies are superseded, other ones get a fault.

    Superseded rows leave `staging.<feed>` and stay countable in `staging.superseded`.
    """
    marks = _repeated_marks(con, feed)
    if not len(marks):
        return
    table, key = f"staging.{feed.name}", identifier(feed.key)
    content = ", ".join(identifier(c) for c in _content_columns(con, feed))
    con.register("suspects", pa.table({"mark": marks.to_arrow()}))
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE copies AS
        WITH repeated AS (
            SELECT {key} FROM {table} SEMI JOIN suspects ON hash({key}) = mark
            WHERE faults IS NULL GROUP BY {key} HAVING count(*) > 1
        ),
        rows AS (
            SELECT t.rowid AS place, {key}, file, line, row({content})::VARCHAR AS content
            FROM {table} AS t SEMI JOIN repeated USING ({key}) WHERE faults IS NULL
        )
        SELECT place, file, line, row_number() OVER latest AS position, content = first_value(content) OVER latest AS is_copy
        FROM rows WINDOW latest AS (PARTITION BY {key} ORDER BY file DESC, line DESC)
        """
    )
    con.unregister("suspects")
    equal = "FROM copies WHERE position > 1 AND is_copy"
    con.execute(f"INSERT INTO staging.superseded SELECT file, line {equal}")
    con.execute(f"DELETE FROM {table} WHERE rowid IN (SELECT place {equal})")
    con.execute(
        f"""
        UPDATE {table}
        SET faults = [{{'column_name': {text_literal(feed.key)}, 'value': {key}, 'reason': 'conflicting duplicate'}}]::{FAULT}
        WHERE rowid IN (SELECT place FROM copies WHERE position > 1 AND NOT is_copy)
        """
    )


def _repeated_marks(con: duckdb.DuckDBPyConnection, feed: Feed) -> pl.Series:
    """Return the hashes that the ids of several good rows have."""
    good = f"FROM staging.{feed.name} WHERE faults IS NULL"
    parts = con.execute(f"SELECT count(*) // {AT_ONCE} + 1 {good}").fetchall()[0][0]
    found = [pl.Series(dtype=pl.UInt64)]
    for part in range(parts):
        query = f"SELECT hash({identifier(feed.key)}) AS mark {good} AND mark % {parts} = {part}"
        marks = pl.Series(con.sql(query).to_arrow_table()["mark"]).sort()
        found.append(marks.filter(marks == marks.shift(1)).unique())
    return pl.concat(found)


def _content_columns(con: duckdb.DuckDBPyConnection, feed: Feed) -> list[str]:
    described = con.execute(f"DESCRIBE staging.{feed.name}").fetchall()
    return [name for name, *_ in described if name not in ("file", "line", "faults")]
