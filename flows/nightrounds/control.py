"""Control charts: where the limits of a rule's chart lie and stay, and what its last point says.

A chart is drawn twice: for the worklist from every count, for the shareable dashboard from shown counts only, so that no limit
tells what is hidden. Both are of one kind, found in every count. A phase begins at the first month and at every rebase of the
site file. Its limits rest on its first 12 final points and are then locked. Months that expect few findings, or few clear
units, get no limits: chance makes of them what it likes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from math import inf, isinf

from nightrounds.series import FEWEST, RATES, Point, final_points, too_little
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
    unstretched,
)

# So many points make a baseline, which is then locked.
BASELINE = 12


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
    limits = locked or (None if too_little(method, points) else _limits(METHODS[method], final_points(points)[:BASELINE], run_id))
    if limits is None:
        return Phase("none" if method in RATES else method, points, None, because, [], [])
    bands = [METHODS[method].band(limits.centre, limits.spread, p) for p in points]
    final = [(i, p.value, bands[i]) for i, p in enumerate(points) if p.is_final and p.value is not None]
    marks = dict(zip((i for i, _, _ in final), signals([v for _, v, _ in final], [b for _, _, b in final]), strict=True))
    return Phase(method, points, limits, because, bands, [marks.get(i, set()) for i in range(len(points))])


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
