"""The attacker of the disclosure tests: has every publication of a rule, knows what did not change, and solves for the rest.

Everything is about one rule. A count is named by the number of the publication, breakdown, cell and outcome. The attacker knows:
- every count that was shown, that one shown as `<11` is 1 to 10, and that none is below 0;
- that the cells of a column add up to the rule's own count of that outcome;
- of every cell, and of every row (the outcomes of a month or place together), that did not change between two publications,
  that it did not: a cell that was not in the table was 0.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.optimize import linprog

Place = tuple[str, str, str]
Name = tuple[int, str, str, str]
Terms = dict[Name, Fraction]
LIMIT = 10


@dataclass(frozen=True)
class Count:
    """A true number of units, and how it was published: shown, small or withheld."""

    units: int
    status: str


Publication = Mapping[Place, Count]


@dataclass(frozen=True)
class Knowledge:
    """Hidden counts with their truth, and equations between them: sum of terms = number."""

    hidden: dict[Name, Count]
    equations: list[tuple[Terms, int]]


def learn(publications: Sequence[Publication], *, knows_rows: bool) -> Knowledge:
    """Write down what the publications of a rule, one after the other, let the attacker know; of rows only if wanted."""
    counts = {(t, *place): count for t, published in enumerate(publications) for place, count in published.items()}
    sums: list[dict[Name, int]] = []
    for t, published in enumerate(publications):
        sums += columns(t, published)
        if t:
            sums += unchanged_cells(t, publications[t - 1], published)
            sums += unchanged_rows(t, publications[t - 1], published) if knows_rows else []
    hidden = {name: count for name, count in counts.items() if count.status != "shown"}
    equations = []
    for terms in sums:
        rest = -sum(sign * counts[name].units for name, sign in terms.items() if name in counts and name not in hidden)
        unknown = {name: Fraction(sign) for name, sign in terms.items() if name in hidden}
        if unknown:
            equations.append((unknown, rest))
    return Knowledge(hidden, equations)


def columns(t: int, published: Publication) -> list[dict[Name, int]]:
    """Every column less its sum is 0."""
    found: dict[tuple[str, str], dict[Name, int]] = defaultdict(dict)
    for breakdown, cell, outcome in published:
        if breakdown != "all":
            found[breakdown, outcome] |= {(t, breakdown, cell, outcome): 1, (t, "all", "all", outcome): -1}
    return list(found.values())


def unchanged_cells(t: int, before: Publication, after: Publication) -> list[dict[Name, int]]:
    """Every cell that did not change, less what it was, is 0."""
    places = (place for place in {**before, **after} if units(before, place) == units(after, place))
    return [{(t, *place): 1, (t - 1, *place): -1} for place in places]


def unchanged_rows(t: int, before: Publication, after: Publication) -> list[dict[Name, int]]:
    """Every month, place or stratum of which the outcomes together did not change, less what they were, is 0."""
    rows: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for place in {**before, **after}:
        if place[0] != "reason":
            rows[place[:2]].append(place)
    kept = (row for row in rows.values() if sum(units(before, p) for p in row) == sum(units(after, p) for p in row))
    return [{(t, *p): 1 for p in row} | {(t - 1, *p): -1 for p in row} for row in kept]


def units(published: Publication, place: Place) -> int:
    return published[place].units if place in published else 0


def solve(equations: Iterable[tuple[Terms, int]]) -> list[Terms]:
    """Return the equations' left sides in reduced echelon form (Gauss-Jordan, in fractions)."""
    pivots: dict[Name, Terms] = {}
    for terms, _ in equations:
        row = reduce(terms, pivots)
        if row:
            lead = next(iter(row))
            row = {name: value / row[lead] for name, value in row.items()}
            pivots = {key: less(other, row, other[lead]) if lead in other else other for key, other in pivots.items()}
            pivots[lead] = row
    return list(pivots.values())


def reduce(terms: Terms, pivots: Mapping[Name, Terms]) -> Terms:
    """Take from a sum what is known of it."""
    row = dict(terms)
    for lead in [name for name in terms if name in pivots]:
        row = less(row, pivots[lead], row[lead])
    return row


def less(row: Terms, other: Terms, times: Fraction) -> Terms:
    mixed = {name: row.get(name, Fraction(0)) - times * other.get(name, Fraction(0)) for name in {**row, **other}}
    return {name: value for name, value in mixed.items() if value}


def recovered(knowledge: Knowledge) -> set[Name]:
    """Return the hidden counts whose number follows."""
    return {name for row in solve(knowledge.equations) if len(row) == 1 for name in row}


def changes_recovered(knowledge: Knowledge) -> set[Name]:
    """Return the counts hidden in two publications of which it follows by how much they changed from the first to the second."""
    pivots = {next(iter(row)): row for row in solve(knowledge.equations)}
    pairs = [(name, (name[0] - 1, *name[1:])) for name in knowledge.hidden]
    return {
        name for name, before in pairs
        if before in knowledge.hidden and not reduce({name: Fraction(1), before: Fraction(-1)}, pivots)
    }  # fmt: skip


def ranges(knowledge: Knowledge, wanted: Iterable[Name]) -> dict[Name, tuple[int, int]]:
    """Return from what to what (at most 1,000) each wanted count can be (linear programming)."""
    names = list(knowledge.hidden)
    number = {name: i for i, name in enumerate(names)}
    matrix, rest = np.zeros((len(knowledge.equations), len(names))), []
    for row, (terms, total) in enumerate(knowledge.equations):
        for name, sign in terms.items():
            matrix[row, number[name]] = float(sign)
        rest.append(total)
    bounds = [(1, LIMIT) if knowledge.hidden[name].status == "small" else (0, 1000) for name in names]
    found: dict[Name, tuple[int, int]] = {}
    for name in wanted:
        ends = []
        for direction in (1, -1):
            aim = np.zeros(len(names))
            aim[number[name]] = direction
            answer = linprog(aim, A_eq=matrix, b_eq=rest, bounds=bounds, method="highs")
            assert answer.success, answer.message
            ends.append(direction * answer.fun)
        found[name] = (int(np.ceil(ends[0] - 1e-6)), int(np.floor(ends[1] + 1e-6)))
    return found


def open_ranges(shown: Mapping[str, str], total: str, nearest: int = 5) -> dict[str, tuple[int, int]]:
    """Return from what to what the open findings of each rule can be, of one severity: `shown` by rule, and the total as printed.

    A number is one of those that round to it, and none of 1 to 10; the total is the sum of all, or at least so much.
    """
    bounds = {rule: _bounds(text, nearest) for rule, text in shown.items()}
    low, high = _bounds(total, nearest)
    lows, highs = (sum(ends[i] for ends in bounds.values()) for i in (0, 1))
    return {
        rule: (max(least, low - (highs - most)), min(most, high - (lows - least))) for rule, (least, most) in bounds.items()
    }  # fmt: skip


def _bounds(text: str, nearest: int) -> tuple[int, int]:
    if text.startswith("at least "):
        return int(text.removeprefix("at least ")), 10**9
    if text == f"<{LIMIT + 1}":
        return 1, LIMIT
    number = int(text)
    return (max(number - nearest // 2, LIMIT + 1), number + nearest // 2) if number else (0, 0)
