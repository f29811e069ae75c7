"""The spreadsheet of the worklist, read back by another library: types, frozen header, and texts that stay texts."""

import io
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from nightrounds.database import connect
from nightrounds.workbook import workbook

MADE_AT = datetime(2026, 7, 1, 2, 15)  # noqa: DTZ001 - a spreadsheet knows no zone
HOSTILE = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "http://example.org", "javascript:alert(1)", "x" * 40_000)


@pytest.fixture
def query(tmp_path: Path) -> Path:
    path = tmp_path / "rows.sql"
    values = ", ".join(f"('{text.replace(chr(39), chr(39) * 2)}')" for text in HOSTILE)
    path.write_text(
        f"SELECT 7 AS number, DATE '2026-01-02' AS day, texts AS message, NULL AS nothing, true AS yes FROM (VALUES {values}) AS t (texts)"
    )
    return path


def test_cells_have_types_and_no_text_is_a_formula(query: Path) -> None:
    with connect() as con:
        book = openpyxl.load_workbook(io.BytesIO(workbook(con, [("Open findings", query)], MADE_AT)))
    sheet = book["Open findings"]
    assert sheet.freeze_panes == "A2"
    assert [cell.value for cell in sheet[1]] == ["number", "day", "message", "nothing", "yes"]
    for row, text in zip(sheet.iter_rows(min_row=2), HOSTILE, strict=True):
        number, day, message, nothing, yes = row
        assert (number.value, number.data_type) == (7, "n")
        assert (day.value, day.number_format) == (datetime(2026, 1, 2), "yyyy-mm-dd")  # noqa: DTZ001
        assert (message.value, message.data_type, message.number_format) == (text[:32_767], "s", "@")
        assert message.hyperlink is None
        assert nothing.value is None
        assert (yes.value, yes.data_type) == (True, "b")


def test_the_same_rows_make_the_same_bytes(query: Path) -> None:
    with connect() as con:
        assert workbook(con, [("a", query)], MADE_AT) == workbook(con, [("a", query)], MADE_AT)


def test_a_sheet_without_rows_still_has_its_header(tmp_path: Path) -> None:
    query = tmp_path / "none.sql"
    query.write_text("SELECT 1 AS number, 'a' AS message WHERE false")
    with connect() as con:
        book = openpyxl.load_workbook(io.BytesIO(workbook(con, [("a", query)], MADE_AT)))
    assert [cell.value for cell in book["a"][1]] == ["number", "message"]
