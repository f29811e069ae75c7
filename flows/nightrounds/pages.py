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
from markupsafe import Markup

from nightrounds.plots import control_plot, funnel_plot
from nightrounds.timelines import timeline

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


def environment(reports: Path) -> Environment:
    """Return the template environment: everything escaped, an unknown name is an error."""
    env = Environment(
        loader=FileSystemLoader(reports),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters |= {"number": number, "percent": percent, "day": day, "words": words, "bar": bar}
    env.filters |= {"paragraphs": paragraphs, "measured": measured, "control_plot": control_plot, "funnel_plot": funnel_plot}
    env.filters["timeline"] = timeline
    env.globals["outcomes"] = OUTCOMES
    return env


def printable(value: object) -> object:
    """Print nothing for NULL, and a replacement mark for a control character, which must not act on the page."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return CONTROL_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", value)
    return value


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


def words(value: str) -> str:
    """Write a machine's name as words: `not_run` is `not run`."""
    return value.replace("_", " ")


def paragraphs(text: str | None) -> list[str]:
    """Cut a text at its empty lines."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text or "") if part.strip()]


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
        parts.append(Part(name, label, row[f"{name}_shown"], round(start, 2), share, count is None))
        start += share
    return parts


def content_policy(css: str, script: str) -> str:
    """Return a content-security policy that allows the page's own style sheet and script, and nothing else whatever."""
    style, code = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (css, script))
    return f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{code}'; base-uri 'none'; form-action 'none'"
