"""What the page templates have at hand: how a number, a day or a name is written, and how wide a bar's parts are."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from nightrounds.plots import control_plot, funnel_plot
from nightrounds.prose import paragraphs
from nightrounds.timelines import timelines

Row = dict[str, Any]
# Besides those of ASCII: those that break lines, and those that turn or override the direction of writing, by which "01" could
# be read where "10" was sent. Marks that names in Arabic or Hebrew need (U+200E, U+200F, U+061C) stay.
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# Column of a rule's row -> the name of the outcome on the pages, in the order of a bar.
OUTCOMES = {
    "numerator": "Finding",
    "clear": "Clear",
    "excluded": "Excluded",
    "not_evaluable": "Not evaluable",
    "pending": "Pending",
}
HIDDEN_WIDTH = 7.0
LEAST_WIDTH = 0.8


@dataclass(frozen=True)
class Part:
    """One part of an outcome bar. `start` and `width` are percent of the bar; a hidden part is not drawn to scale."""

    outcome: str
    label: str
    shown: str
    start: float
    width: float
    is_hidden: bool


class Templates(Environment):
    """Templates that find the column of a row at once, and not after looking for an attribute of that name."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return what a template calls `obj.attribute`."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


def environment(reports: Path) -> Environment:
    """Return the template environment: everything escaped, an unknown name is an error."""
    env = Templates(
        loader=FileSystemLoader(reports),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    env.filters |= {"number": number, "percent": percent, "day": day, "words": words, "bar": bar, "ago": ago}
    env.filters |= {"paragraphs": paragraphs, "measured": measured, "month": month, "apart": apart}
    env.filters |= {"control_plot": control_plot, "funnel_plot": funnel_plot, "timelines": timelines}
    env.globals["outcomes"] = OUTCOMES
    return env


def printable(value: object) -> object:
    """Print nothing for NULL, and a replacement mark for a control character, which must not act on the page."""
    if value is None:
        return ""
    # What is printable to Python holds no control character; most texts are, and need no search.
    if type(value) is not str or value.isprintable():
        return value
    return CONTROL_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", value)


def number(value: float | None) -> str:
    """Write a count with thousands apart; NULL is a dash."""
    return "–" if value is None else f"{value:,}"


def percent(value: float | None) -> str:
    """Write a share as a percentage with one decimal; NULL is a dash."""
    return "–" if value is None else f"{100 * value:.1f}%"


def measured(value: float | None, method: str) -> str:
    """Write a point of a control chart: a share as a percentage, the way between rare findings as a number; NULL is a dash."""
    if value is None:
        return "–"
    return f"{value:,.1f}" if method in ("g", "t") else percent(value)


def day(value: date | None) -> str:
    """Write a date in words that no country reads otherwise, such as 1 March 2026; NULL is a dash."""
    return "–" if value is None else f"{value.day} {value:%B %Y}"


def month(value: date | None) -> str:
    """Write the month of a date, such as March 2024; NULL is a dash."""
    return "–" if value is None else f"{value:%B %Y}"


def apart(shown: str) -> str:
    """Write thousands apart in a count told in words: `at least 1736` is `at least 1,736`."""
    return re.sub(r"\d{4,}", lambda digits: f"{int(digits[0]):,}", shown)


def ago(days: int) -> str:
    """Write how long before the audit something was."""
    return "the day audited" if days == 0 else f"{number(days)} day{'' if days == 1 else 's'} ago"


def words(value: str) -> str:
    """Write a machine's name as words: `not_run` is `not run`."""
    return value.replace("_", " ")


def bar(row: Mapping[str, Any]) -> list[Part]:
    """Cut an outcome bar into its parts. Widths come from shown counts only, so that no hidden count can be measured."""
    counts: list[int | None] = [row[name] for name in OUTCOMES]
    if not any(count is None or count > 0 for count in counts):
        return []
    hidden = sum(count is None for count in counts)
    visible = sum(count or 0 for count in counts)
    scale = (100 - HIDDEN_WIDTH * hidden) / visible if visible else 0
    wide = [HIDDEN_WIDTH if c is None else max(c * scale, LEAST_WIDTH) if c else 0 for c in counts]
    parts: list[Part] = []
    start = 0.0
    for (name, label), count, width in zip(OUTCOMES.items(), counts, wide, strict=True):
        share = round(100 * width / sum(wide), 2)
        parts.append(Part(name, label, apart(row[f"{name}_shown"]), round(start, 2), share, count is None))
        start += share
    return parts


def content_policy(css: str, script: str) -> str:
    """Return a content-security policy that allows the page's own style sheet and script, and nothing else whatever."""
    style, code = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (css, script))
    return f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{code}'; base-uri 'none'; form-action 'none'"
