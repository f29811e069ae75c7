"""Formulas: no text of an extract may become one in a spreadsheet."""

import re

# What a spreadsheet runs: its signs, also as wide as some keyboards write them, and what it skips before them.
FORMULA = r"^[=+\-@＝＋－＠\t\r\n]"
_FORMULA = re.compile(FORMULA)


def harmless(value: object) -> object:
    """Put an apostrophe before a text that a spreadsheet would take for a formula; numbers and dates stay."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
