"""Blocks of physical lines of delimited text: which of them are one good record each, and all of those parsed at once.

A line is *strict* when its bytes prove that it is one record: not blank, UTF-8, without NUL, with no carriage return but at
its end, and with quotes that come in twos. Of its quotes counted from 0, an even one stands at the start of a field, and
opens it, or right behind the one before, and goes on; an odd one stands right in front of a delimiter or the line's end,
and closes, or of the next quote, and is its escape. So after an even number of quotes a place is outside of quotes.
"""

from codecs import BOM_UTF8
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

NEWLINE, RETURN, BLANK, QUOTE = b'\n\r "'
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Block:
    """Whole physical lines, one after the other; they are counted from 0, and each ends with a newline."""

    def __init__(self, data: bytes) -> None:
        self.data = data if data.endswith(b"\n") else data + b"\n"
        self.bytes = np.frombuffer(self.data, np.uint8)
        self.ends: Places = np.flatnonzero(self.bytes == NEWLINE)
        self.starts: Places = np.append(0, self.ends[:-1] + 1)

    def __len__(self) -> int:
        """Return how many lines there are."""
        return len(self.ends)

    def line(self, at: int) -> bytes:
        """Return one line with its newline."""
        return self.data[self.starts[at] : self.ends[at] + 1]

    def after(self, count: int) -> bytes:
        """Return what follows the first lines."""
        return self.data[self.starts[count] :] if count < len(self) else b""

    def only(self, lines: Places) -> bytes:
        """Return some lines, which are given in order."""
        if len(lines) == len(self):
            return self.data
        chosen = np.zeros(len(self), np.bool_)
        chosen[lines] = True
        return self.bytes[np.repeat(chosen, self.ends - self.starts + 1)].tobytes()

    def line_of(self, places: Places) -> Places:
        """Return the lines in which some bytes are."""
        return np.searchsorted(self.ends, places)

    @cached_property
    def quotes(self) -> Places:
        """Where the quotes are."""
        return np.flatnonzero(self.bytes == QUOTE)

    @cached_property
    def quotes_before(self) -> Places:
        """How many quotes there are before each line, and in all."""
        return np.append(np.searchsorted(self.quotes, self.starts), len(self.quotes))

    def in_quotes(self, places: Places) -> Flags:
        """Tell of each place whether an odd number of quotes stands before it in its line."""
        before = np.searchsorted(self.quotes, places) - self.quotes_before[self.line_of(places)]
        odd: Flags = before % 2 == 1
        return odd


def unpadded(block: Block, delimiter: str) -> Block:
    """Leave out the blanks at the start of fields, outside of quotes: to a careful reader they are nothing."""
    # What is before the first byte is the last one, a newline.
    blank, before = block.bytes == BLANK, np.roll(block.bytes, 1)
    first = np.flatnonzero(blank & ((before == ord(delimiter)) | (before == NEWLINE)))
    first = first[~block.in_quotes(first)]
    if not len(first):
        return block
    blanks = np.flatnonzero(blank)
    last = blanks[np.append(np.diff(blanks) != 1, True)]
    change = np.zeros(len(block.bytes), np.int8)
    change[first] = 1
    change[last[np.searchsorted(last, first)] + 1] = -1
    return Block(block.bytes[np.cumsum(change, dtype=np.int8) == 0].tobytes())


def strict_lines(block: Block, delimiter: str, longest: int) -> Flags:
    """Tell of each line whether it is strict, and shorter than some bytes. It may have more or fewer fields than others."""
    strict: Flags = block.ends - block.starts < longest
    for places in (_blank(block), _unreadable(block), _bare_returns(block), _loose_quotes(block, ord(delimiter))):
        strict[block.line_of(places)] = False
    return strict


def _blank(block: Block) -> Places:
    return block.starts[_is_one_of(block.bytes[block.starts], NEWLINE, RETURN)]


def _unreadable(block: Block) -> Places:
    """Return where NUL bytes are, and when not all is UTF-8, whatever is not ASCII."""
    nothing = np.flatnonzero(block.bytes == 0)
    try:
        str(block.data, "utf-8")
    except UnicodeDecodeError:
        return np.append(nothing, np.flatnonzero(block.bytes >= 0x80))
    return nothing


def _bare_returns(block: Block) -> Places:
    returns: Places = np.flatnonzero(block.bytes == RETURN)
    bare: Places = returns[block.bytes[returns + 1] != NEWLINE]
    return bare


def _loose_quotes(block: Block, delimiter: int) -> Places:
    """Return the quotes that stand where they should not, and the end of each line whose last quote is not closed."""
    quotes, first = block.quotes, block.quotes_before[:-1]
    count = np.diff(block.quotes_before)
    before, after = block.bytes[quotes - 1], block.bytes[quotes + 1]
    opens = _is_one_of(before, delimiter, NEWLINE, QUOTE)
    closes = _is_one_of(after, delimiter, NEWLINE, RETURN, QUOTE)
    even = (np.arange(len(quotes)) - np.repeat(first, count)) % 2 == 0
    return np.append(quotes[~np.where(even, opens, closes)], block.ends[count % 2 == 1])


def _is_one_of(found: npt.NDArray[np.uint8], *marks: int) -> Flags:
    """Tell of each byte whether it is one of some."""
    known = np.zeros(256, np.bool_)
    known[list(marks)] = True
    return known[found]


def parse(block: Block, lines: Places, delimiter: str, schema: pa.Schema) -> tuple[pa.Table, Places]:
    """Parse strict lines into a table of `line` and text columns; return with it the lines that have to be read one by one.

    Those have more or fewer fields. Should there be no row for each of the others, which would give rows a wrong line, or
    should Arrow refuse what is good, then they are all.
    """
    if not len(lines):
        return schema.empty_table(), lines
    ragged: list[int] = []

    def leave_out(row: csv.InvalidRow) -> str:
        ragged.append(row.number - 1)
        return "skip"

    text = block.only(lines)
    try:
        table = csv.read_csv(
            # Arrow takes a byte order mark off.
            pa.BufferReader(BOM_UTF8 + text if text.startswith(BOM_UTF8) else text),
            csv.ReadOptions(use_threads=False, block_size=len(text) + 4, column_names=schema.names[1:]),
            csv.ParseOptions(delimiter=delimiter, invalid_row_handler=leave_out, ignore_empty_lines=False),
            csv.ConvertOptions(check_utf8=False, column_types=schema.remove(0), null_values=[]),
        )
    except pa.ArrowInvalid:
        return schema.empty_table(), lines
    if len(table) + len(ragged) != len(lines):
        return schema.empty_table(), lines
    return table.add_column(0, schema.field(0), pa.array(np.delete(lines, ragged))), lines[ragged]
