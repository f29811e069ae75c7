"""The worklist as a spreadsheet: dates and numbers as what they are, and no cell that a program could take for a formula."""

import io
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
from xlsxwriter import Workbook

from nightrounds.sqlfiles import SqlFile

# In memory, since patients have no place in a folder for temporary files.
OPTIONS = {"in_memory": True}
# A text cell keeps the format "text", so that it stays one when somebody edits it.
FORMATS = {str: "@", date: "yyyy-mm-dd"}
ROWS_AT_ONCE = 1000
# Pixels: of a character, and of a column of sentences, which is not as wide as its longest. A heading has a button beside it.
CHARACTER, SENTENCE_WIDTH = 7, 480
SENTENCE, BUTTON = 60, 3


def workbook(con: duckdb.DuckDBPyConnection, sheets: Sequence[tuple[str, Path]], made_at: datetime) -> bytes:
    """Return an XLSX file with one sheet for each query, header frozen and filters set; the same bytes for the same rows."""
    target = io.BytesIO()
    with Workbook(target, OPTIONS) as book:
        book.set_properties({"created": made_at})
        formats = {kind: book.add_format({"num_format": code}) for kind, code in FORMATS.items()}
        for name, query in sheets:
            con.execute(SqlFile(query).text)
            _fill(book.add_worksheet(name), con, formats)
    return target.getvalue()


def _fill(sheet: Any, con: duckdb.DuckDBPyConnection, formats: dict[type, Any]) -> None:
    """Write the answer to the query just asked: a table with its header on top."""
    names = [column[0] for column in con.description or []]
    lengths, done = [len(name) + BUTTON for name in names], 0
    while chunk := con.fetchmany(ROWS_AT_ONCE):
        for number, row in enumerate(chunk, done + 1):
            for place, value in enumerate(row):
                _write(sheet, number, place, value, formats)
        done += len(chunk)
        columns = zip(*chunk, strict=True)
        lengths = [max(length, *(len(str(value)) for value in column)) for length, column in zip(lengths, columns, strict=True)]
    sheet.add_table(0, 0, max(done, 1), len(names) - 1, {"columns": [{"header": name} for name in names]})
    sheet.freeze_panes(1, 0)
    for place, length in enumerate(lengths):
        sheet.set_column_pixels(place, place, SENTENCE_WIDTH if length > SENTENCE else length * CHARACTER)


def _write(sheet: Any, number: int, place: int, value: object, formats: dict[type, Any]) -> None:
    """Write a cell as what it is: a text is never guessed to be a formula, a link or a number. NULL stays empty."""
    if isinstance(value, str):
        sheet.write_string(number, place, value, formats[str])
    elif isinstance(value, date):
        sheet.write_datetime(number, place, value, formats[date])
    elif isinstance(value, bool):
        sheet.write_boolean(number, place, value)
    elif value is not None:
        sheet.write_number(number, place, value)
