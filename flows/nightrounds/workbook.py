"""The worklist as a spreadsheet: dates and numbers as what they are, and no cell that a program could take for a formula."""

import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
from xlsxwriter import Workbook

from nightrounds.sqlfiles import SqlFile

# Texts are never guessed to be formulas, links or numbers.
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
# A text cell keeps the format "text", so that it stays one when somebody edits it.
FORMATS = {pl.Date: "yyyy-mm-dd", pl.String: "@"}
# A column of sentences is this many pixels wide, and not as wide as its longest.
SENTENCE, SENTENCE_WIDTH = 60, 480


def workbook(con: duckdb.DuckDBPyConnection, sheets: Sequence[tuple[str, Path]], made_at: datetime) -> bytes:
    """Return an XLSX file with one sheet for each query, header frozen and filters set; the same bytes for the same rows."""
    target = io.BytesIO()
    with Workbook(target, OPTIONS) as book:
        book.set_properties({"created": made_at})
        for name, query in sheets:
            frame = con.sql(SqlFile(query).text).pl()
            frame.write_excel(
                book, name, freeze_panes=(1, 0), autofit=True, column_widths=_sentences(frame), dtype_formats=FORMATS
            )
    return target.getvalue()


def _sentences(frame: pl.DataFrame) -> dict[str, int]:
    longest = frame.select(pl.col(pl.String).str.len_chars().max()).to_dicts()[0]
    return {name: SENTENCE_WIDTH for name, length in longest.items() if (length or 0) > SENTENCE}
