"""Exports: what leaves the house as a table hides what the pages hide, and no cell of it can act as a formula."""

from collections.abc import Callable

import polars as pl

from nightrounds.exports import harmless
from nightrounds.run import Run


def test_dashboard_numbers_come_as_csv_and_parquet(audit: Callable[..., Run]) -> None:
    folder = audit().out / "current" / "dashboard"
    table, columnar = pl.read_csv(folder / "public_rule_summary.csv"), pl.read_parquet(folder / "public_rule_summary.parquet")
    assert table.columns == columnar.columns
    assert table["rule_id"].to_list() == columnar["rule_id"].to_list()
    quinine = columnar.filter(pl.col("rule_id") == "quinine_without_indication")
    assert quinine["numerator"].to_list() == [None]
    assert quinine["numerator_shown"].to_list() == ["<11"]


def test_cells_cannot_become_formulas() -> None:
    formulas = ["=1+1", "+1", "-1", "@x", "\tx", "＝1+1", "＋1", "－1", "＠x"]
    frame = pl.DataFrame({"text": [*formulas, "plain", None], "number": [-1.0, *range(9), None]})
    made = harmless(frame)
    assert made["text"].to_list() == [*(f"'{text}" for text in formulas), "plain", None]
    assert made["number"].to_list() == frame["number"].to_list()
