"""Exports: the numbers of the dashboard as CSV and Parquet for other tools, hidden where the pages hide them."""

from pathlib import Path

import duckdb
import polars as pl

# Only marts that keep to the disclosure policy may leave the house.
SHAREABLE = ("public_rule_summary", "public_rule_reason", "public_breakdown")


def export_marts(con: duckdb.DuckDBPyConnection, folder: Path) -> list[Path]:
    """Write every shareable mart to `folder` as <name>.csv and <name>.parquet, readable by all; return the files."""
    written: list[Path] = []
    for name in SHAREABLE:
        frame = con.sql(f"SELECT * FROM mart.{name} ORDER BY ALL").pl()
        table, columnar = folder / f"{name}.csv", folder / f"{name}.parquet"
        harmless(frame).write_csv(table)
        frame.write_parquet(columnar)
        written += [table, columnar]
    for path in written:
        path.chmod(0o644)
    return written


def harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe before every text that a spreadsheet would take for a formula."""
    text = pl.col(pl.String)
    return frame.with_columns(pl.when(text.str.contains(r"^[=+\-@\t\r\n]")).then("'" + text).otherwise(text).name.keep())
