"""Exports: the numbers of the dashboard as CSV and Parquet for other tools, hidden where the pages hide them."""

from pathlib import Path

import duckdb
import polars as pl

from nightrounds.formulas import FORMULA

# Only what keeps to the disclosure policy may leave the house: file name -> query.
SHAREABLE = {
    "public_rule_summary": "SELECT * FROM mart.public_rule_summary",
    "public_rule_reason": "SELECT * FROM mart.public_rule_reason",
    "public_breakdown": "SELECT * FROM mart.public_breakdown",
    "public_open": "SELECT * FROM mart.public_open",
    "public_rule_open": "SELECT * EXCLUDE (least) FROM mart.public_rule_open",
    "control_chart": "SELECT * EXCLUDE (audience) FROM mart.control_chart WHERE audience = 'public'",
    "control_point": "SELECT * EXCLUDE (audience) REPLACE (array_to_string(signals, '; ') AS signals) "
    "FROM mart.control_point WHERE audience = 'public'",
    "funnel_point": "SELECT * EXCLUDE (audience) FROM mart.funnel_point WHERE audience = 'public'",
}


def export_marts(con: duckdb.DuckDBPyConnection, folder: Path) -> list[Path]:
    """Write every shareable table to `folder` as <name>.csv and <name>.parquet, readable by all; return the files."""
    written: list[Path] = []
    for name, query in SHAREABLE.items():
        frame = con.sql(f"{query} ORDER BY ALL").pl()
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
    return frame.with_columns(pl.when(text.str.contains(FORMULA)).then("'" + text).otherwise(text).name.keep())
