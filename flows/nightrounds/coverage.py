"""Coverage: does tonight's data reach what a rule asks of it? A rule whose floor is missed is not run, and says why.

A rule.toml asks with `needs = { labs = { creatinine_with_unit = 0.9 } }`. The figure is sql/quality/creatinine_with_unit.sql:
one SELECT that returns one row, `part` and `whole`; the first line of the file says in words what is counted. Figures are
taken after the facts are built, and may read the rows in quarantine too (`staging`), which are gone from everything later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from nightrounds.errors import NightroundsError
from nightrounds.rules import Rule
from nightrounds.sqlfiles import SqlFile, Value


@dataclass(frozen=True)
class Figure:
    """How many of something are as they should be, and of how many."""

    what: str
    part: int
    whole: int

    def reaches(self, floor: float) -> bool:
        """Tell whether the share is at least `floor`; of nothing, nothing is missing."""
        return self.part >= floor * self.whole

    def short_of(self, floor: float) -> str:
        """Say the share, and what was asked."""
        share = self.part / self.whole
        return f"{self.what}: {share:.1%} ({self.part:,} of {self.whole:,}); at least {floor:.0%} are needed."


@dataclass(frozen=True)
class FeedState:
    """A feed as the rules find it: the last day it covers, and why it cannot be used, if it cannot."""

    watermark: date | None
    why_not: str | None


def feeds_of(con: duckdb.DuckDBPyConnection) -> dict[str, FeedState]:
    """Return every feed by name. One that was not delivered, or was refused, cannot be used."""
    refused = dict(
        con.execute("SELECT feed, string_agg(reason, ' ' ORDER BY reason) FROM audit.refused GROUP BY feed").fetchall()
    )
    found: dict[str, FeedState] = {}
    for feed, present, watermark in con.execute("SELECT feed, present, watermark FROM facts.feeds").fetchall():
        told = f"cannot be used: {refused[feed]}" if feed in refused else "was not delivered."
        found[feed] = FeedState(watermark, None if present else f"The feed {feed} {told}")
    return found


def absent_feeds(feeds: Mapping[str, FeedState], rule: Rule) -> list[str]:
    """Return a sentence for each feed that the rule needs and the extract does not have, or not in a state to be read."""
    return [why_not for feed in rule.needs if (why_not := feeds[feed].why_not)]


def horizon_of(feeds: Mapping[str, FeedState], rule: Rule, as_of: date) -> date:
    """Return the day after which nothing is judged: the earliest of as_of and the watermarks of the needed feeds."""
    return min([as_of, *(day for feed in rule.needs if (day := feeds[feed].watermark))])


def missed_floors(con: duckdb.DuckDBPyConnection, rule: Rule, folder: Path, values: Mapping[str, Value]) -> list[str]:
    """Write what a rule asks into `audit.coverage`; return a sentence for each floor that is missed.

    `folder` is sql/quality, `values` is what a figure may bind.
    """
    missed: list[str] = []
    for feed, floors in rule.floors.items():
        for name, floor in floors.items():
            figure = measure(con, SqlFile(folder / f"{name}.sql"), values)
            met = figure.reaches(floor)
            row = [rule.rule_id, feed, name, figure.what, figure.part, figure.whole, floor, met]
            con.execute(f"INSERT INTO audit.coverage VALUES ({', '.join('?' * len(row))})", row)
            missed += [] if met else [figure.short_of(floor)]
    return missed


def measure(con: duckdb.DuckDBPyConnection, file: SqlFile, values: Mapping[str, Value]) -> Figure:
    """Take one figure. Raises NightroundsError unless the file returns one row of part and whole, part not the greater."""
    rows = con.execute(file.text, file.bind(values) or None).fetchall()
    names = [name for name, *_ in con.description or []]
    if names != ["part", "whole"] or len(rows) != 1 or None in rows[0] or not 0 <= rows[0][0] <= rows[0][1]:
        raise NightroundsError(f"{file.path} is not a figure.", "Return one row of two counts, part and whole.")
    return Figure(file.comment.rstrip("."), *rows[0])
