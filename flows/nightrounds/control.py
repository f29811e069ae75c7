"""Control charts: which chart a rule's months make, where its limits lie and stay, and what its last point says.

A chart is drawn twice: for the worklist from every count, for the shareable dashboard from shown counts only, so that no limit
tells what is hidden. Both are of one kind, found in every count. A phase begins at the first month and at every rebase of the
site file. Its limits rest on its first 12 final points and are then locked. Months that expect few findings, or few clear
units, get no limits: chance makes of them what it likes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from math import inf, isinf
from statistics import fmean, median

from nightrounds.site import Rebase
from nightrounds.spc import (
    Band,
    band,
    binomial_sigma,
    geometric,
    geometric_band,
    individuals,
    laney,
    signals,
    stretched,
    unstretched,
)

BASELINE = 12
FEWEST = 3
# From so many judged units in a usual month on, binomial chance is worth knowing: p' instead of the plain moving range.
LARGE_DENOMINATOR = 50
# Denominators that stay within so much of their mean count as equal, so that one pair of limits does for all of them.
LEVEL = 0.25
# So many findings, and so many clear units, must be expected in a month before a rate is taken for nearly normal: the usual
# rule for the normal approximation of a binomial count.
LEAST_EXPECTED = 5.0
# Fewer findings than this in a month, and a lower rate: months are mostly zeros, and the way between findings says more (Anhoej,
# SPC for Healthcare, chapter on rare events; the g chart is for events of low probability, Benneyan 2001). The two numbers
# are ours: with fewer than two a month one month of seven and more has none.
RARE = 2.0
RARE_RATE = 0.2
# With a larger share of months hidden, those left over are no fair sample: it is the small counts that are missing.
MOST_HIDDEN = 1 / 3
RATES = ("xmr", "p'")


# A finding of a rare kind: its day, and the clear units and the days since the finding before it.
Gap = tuple[date, int, int]


@dataclass(frozen=True)
class Point:
    """One month, or one finding of a rare kind (numerator 1), with its value once that is known."""

    day: date
    numerator: int | None
    denominator: int | None
    status: str
    value: float | None = None

    @property
    def is_final(self) -> bool:
        """Whether limits may rest on it and signals be looked for."""
        return self.status == "shown"


@dataclass(frozen=True)
class Method:
    """How a kind of chart finds centre and spread from final points, and the band of one point from those."""

    fit: Callable[[Sequence[Point]], tuple[float, float]]
    band: Callable[[float, float, Point], Band]


@dataclass(frozen=True)
class Limits:
    """Centre and spread of a phase, the points they rest on, and the run that locked them (None: on trial)."""

    centre: float
    spread: float
    baseline_from: date
    baseline_to: date
    baseline_points: int
    locked_by: str | None


@dataclass(frozen=True)
class Phase:
    """A chart's stretch with one set of limits; none while there are too few points, or too little in them."""

    method: str
    points: list[Point]
    limits: Limits | None
    because: str | None
    bands: list[Band]
    signals: list[set[str]]


def _rates(points: Sequence[Point]) -> list[float]:
    return [p.value for p in points if p.value is not None]


def _fit_laney(points: Sequence[Point]) -> tuple[float, float]:
    return laney([p.numerator or 0 for p in points], [p.denominator or 1 for p in points])


METHODS: Mapping[str, Method] = {
    "xmr": Method(lambda points: individuals(_rates(points)), lambda c, s, _: band(c, s, 0, 1)),
    "p'": Method(_fit_laney, lambda c, s, p: band(c, s * binomial_sigma(c, p.denominator or 1), 0, 1)),
    "g": Method(lambda points: geometric([int(v) for v in _rates(points)]), lambda c, _, __: geometric_band(c)),
    # On Nelson's scale, on which waiting times are nearly normal; `as_shown` turns them into days.
    "t": Method(lambda points: individuals(_rates(points)), lambda c, s, _: band(c, s, 0, inf)),
}


def choose(months: Sequence[Point], gaps: Sequence[Gap]) -> str:
    """Return the kind of chart that suits a rule's months; `gaps` are the ways between its findings."""
    over = [p for p in months if p.status in ("shown", "nothing judged")]
    findings, judged = sum(p.numerator or 0 for p in over), sum(p.denominator or 0 for p in over)
    if gaps and 0 < findings < RARE * len(over) and (findings == judged or findings < RARE_RATE * judged):
        return "t" if findings == judged else "g"
    sizes = [p.denominator or 0 for p in over if p.is_final]
    return "p'" if sizes and (median(sizes) >= LARGE_DENOMINATOR or _vary(sizes)) else "xmr"


def _vary(sizes: Sequence[int]) -> bool:
    mean = fmean(sizes)
    return any(abs(size - mean) > LEVEL * mean for size in sizes)


def charted(method: str, months: Sequence[Point], gaps: Sequence[Gap]) -> list[Point]:
    """Return the points of a chart of a kind: months with their rate, or findings with the way from the one before."""
    if method in RATES:
        return [replace(p, value=p.numerator / p.denominator) if p.numerator is not None and p.denominator else p for p in months]
    return [Point(day, 1, None, "shown", stretched(days) if method == "t" else float(units)) for day, units, days in gaps]


def phases(
    method: str,
    points: Sequence[Point],
    rebases: Iterable[Rebase],
    locked: Mapping[tuple[int, str | None], Limits],
    run_id: str,
    first: str | None = None,
) -> list[Phase]:
    """Cut a chart at its rebases and find limits and signals of every phase.

    `locked` has the limits of earlier runs, by number and reason of the phase; `first` is the reason of the first phase, if
    it has one.
    """
    ordered = sorted(rebases, key=lambda r: r.since)
    reasons = [first, *(r.why for r in ordered)]
    numbered = [(sum(p.day >= r.since for r in ordered), p) for p in points]
    found: list[Phase] = []
    for number, members in groupby(numbered, key=lambda pair: pair[0]):
        limits = locked.get((len(found) + 1, reasons[number]))
        found.append(_phase(method, [p for _, p in members], limits, reasons[number], run_id))
    return found


def _phase(method: str, points: list[Point], locked: Limits | None, because: str | None, run_id: str) -> Phase:
    limits = locked or (None if too_little(method, points) else _limits(METHODS[method], _final(points)[:BASELINE], run_id))
    if limits is None:
        return Phase("none" if method in RATES else method, points, None, because, [], [])
    bands = [METHODS[method].band(limits.centre, limits.spread, p) for p in points]
    final = [(i, p.value, bands[i]) for i, p in enumerate(points) if p.is_final and p.value is not None]
    marks = dict(zip((i for i, _, _ in final), signals([v for _, v, _ in final], [b for _, _, b in final]), strict=True))
    return Phase(method, points, limits, because, bands, [marks.get(i, set()) for i in range(len(points))])


def _final(points: Sequence[Point]) -> list[Point]:
    return [p for p in points if p.is_final]


def too_little(method: str, points: Sequence[Point]) -> str | None:
    """Return why months cannot be judged although there are enough of them; None when they can."""
    final, hidden = _final(points), sum(p.status == "hidden" for p in points)
    if method not in RATES or len(final) < FEWEST:
        return None
    if hidden > MOST_HIDDEN * (hidden + len(final)):
        return f"{hidden} of {hidden + len(final)} months are hidden, and the others are no fair sample."
    findings = fmean(p.numerator or 0 for p in final)
    clear = fmean((p.denominator or 0) - (p.numerator or 0) for p in final)
    if min(findings, clear) >= LEAST_EXPECTED:
        return None
    return f"{findings:.1f} findings and {clear:.1f} clear units in a month on average; {LEAST_EXPECTED:g} of each are needed."


def _limits(method: Method, baseline: Sequence[Point], run_id: str) -> Limits | None:
    if len(baseline) < FEWEST:
        return None
    centre, spread = method.fit(baseline)
    locked_by = run_id if len(baseline) >= BASELINE else None
    return Limits(centre, spread, baseline[0].day, baseline[-1].day, len(baseline), locked_by)


def state(phase: Phase) -> tuple[str, str]:
    """Return the state of a phase at its latest final point, as a word and as a sentence. Fewer findings are better."""
    method = "xmr" if phase.method == "none" else phase.method
    if phase.limits is None and (why := too_little(method, phase.points)):
        return "too few to judge", f"Too few to judge: {why}"
    if phase.limits is None:
        return "too few points", f"Fewer than {FEWEST} final points: no limits yet."
    trial = "" if phase.limits.locked_by else f" Limits are on trial: they rest on {phase.limits.baseline_points} points."
    if any(p.status == "hidden" for p in phase.points):
        trial += " Hidden months are left out."
    final = [i for i, p in enumerate(phase.points) if p.is_final and p.value is not None]
    if not final or not phase.signals[final[-1]]:
        return "steady", "The latest final point is as expected from chance alone." + trial
    last = final[-1]
    value, names = phase.points[last].value or 0.0, ", ".join(sorted(phase.signals[last]))
    # A trend that is no shift as well has crossed the centre: the side tells where it goes. Long ways between findings are good.
    above = value > phase.bands[last].centre
    worse = above if phase.method in RATES else not above
    return ("worse" if worse else "better"), f"Signal at the latest final point: {names}.{trial}"


def as_shown(method: str, value: float | None) -> float | None:
    """Return a value or limit as it is shown: of a t chart in days; nothing for a limit that is none."""
    if value is None or isinf(value):
        return None
    return unstretched(value) if method == "t" else value
