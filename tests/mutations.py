"""Small slips that a rule could hold: each is the rule's SQL with one thing changed, or one parameter's default moved.

The statement is read as words (tokens), so that a change is a cut out of its text and everything else stays as it was.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from nightrounds.rules import Rule
from nightrounds.warehouse import fact_parameters
from slips import SLIPS
from sqlwords import Word, enclosing, neighbours, until, words_of

SHOWN = 150  # characters
# Columns that a case cannot state, so that no case can notice what their own expressions get wrong.
UNSTATED = {"SOURCES", "ACTIVE_UNTIL", "JUDGED_FROM"}


@dataclass(frozen=True)
class Mutant:
    """A rule with one thing changed: its text, or the value of a parameter. `change` names it in words that stay the same."""

    line: int
    change: str
    text: str | None = field(default=None, repr=False)
    values: dict[str, Any] = field(default_factory=dict, repr=False)


def mutants_of(rule: Rule) -> list[Mutant]:
    """Return every mutant of a rule, parameters first, then in the order of the text; no two have the same `change`."""
    found: list[Mutant] = [*of_parameters(rule), *of_text(rule.sql.text)]
    seen: Counter[str] = Counter()
    named = []
    for mutant in found:
        seen[mutant.change] += 1
        again = f" ({seen[mutant.change]})" if seen[mutant.change] > 1 else ""
        named.append(Mutant(mutant.line, mutant.change + again, mutant.text, mutant.values))
    return named


def of_parameters(rule: Rule) -> Iterator[Mutant]:
    """Move each parameter by one, or by one in its last digit, both ways; those of the facts for the rule alone."""
    lines = (rule.folder / "rule.toml").read_text(encoding="utf-8").splitlines()
    defaults = {name: entry["default"] for name, entry in rule.parameters.items()}
    shared = {n: value for n, value in fact_parameters(rule.folder.parents[1]).items() if n in rule.sql.parameters}
    for name, default in {**defaults, **shared}.items():
        line = lines.index(f"[parameters.{name}]") + 1 if name in defaults else 0
        named = re.findall(rf"\${name} (?:=|<>) '([^']*)'", rule.sql.text)
        for value in moved(default, named):
            yield Mutant(line, f"parameter {name}: {default} => {value}", None, {name: value})


def moved(value: Any, named: list[str]) -> list[Any]:
    """Values next to a parameter's: the other truth, one less and one more, one element fewer, a word that the SQL names."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value - 1, value + 1]
    if isinstance(value, float):
        return [type(value)(n) for n in neighbours(repr(value))]
    if isinstance(value, date):
        return [value - timedelta(1), value + timedelta(1)]
    if isinstance(value, list):
        return [value[:place] + value[place + 1 :] for place in range(len(value))]
    return sorted({*named} - {value}) or [f"not {value}"]


def of_text(text: str) -> Iterator[Mutant]:
    """Make every change to a statement's text, in the order in which they stand."""
    words = words_of(text)
    left_out = unstated(words)
    for start, end, put, said in sorted({edit for find in SLIPS for edit in find(text, words)}):
        if any(first <= start < last for first, last in left_out):
            continue
        line = text.count("\n", 0, start) + 1
        yield Mutant(line, told(text, start, end, put, said), text[:start] + put + text[end:])


def unstated(words: list[Word]) -> list[tuple[int, int]]:
    """Start and end of the columns of the last SELECT that no case can state."""
    at = max(place for place, word in enumerate(words) if word.text == "SELECT" and enclosing(words, place) is None)
    found = []
    while at < len(words) and words[at].text in {"SELECT", ","}:
        end = until(words, at + 1, {",", "FROM"})
        found += [(words[at].start, words[end - 1].end)] if words[end - 1].text in UNSTATED else []
        at = end
    return found


def told(text: str, start: int, end: int, put: str, said: str) -> str:
    """Show the lines that are changed, before and after; a long one by its beginning and what is done to it."""
    first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    last = len(text) if last < 0 else last
    before, after = text[first:last], text[first:start] + put + text[end:last]
    if said:
        return f"{plain(text[start:end])[:SHOWN]} => {said}"
    return f"{plain(before)} => {plain(after)}"


def plain(text: str) -> str:
    """Text with comments left out and blanks made single."""
    return " ".join(re.sub(r"--.*", "", text).split())
