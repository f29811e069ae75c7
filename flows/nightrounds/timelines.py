"""Timeline of a finding: drugs, doses, results and events of one patient on one axis of days, as coordinates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from nightrounds.plots import Tick, scale

Row = Mapping[str, Any]
LEFT, RIGHT, TOP, LANE = 96.0, 712.0, 16, 34
# Lanes in this order: drugs first, then results, then events.
ORDER = {"course": 0, "dose": 0, "result": 1, "event": 2}
# What rules look at, in the unit of facts.labs, drawn as lines behind the results.
THRESHOLDS: Mapping[str, Sequence[float]] = {
    "egfr": (15, 30, 45, 60),
    "magnesium": (1.7, 2.6, 4.0),
    "platelets": (100,),
    "potassium": (3.0, 6.0),
    "sodium": (125,),
}
NAMES = {"egfr": "eGFR", "magnesium": "serum Mg"}


@dataclass(frozen=True)
class Bar:
    """A course or a dose: a stretch of days."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    label: str


@dataclass(frozen=True)
class Dot:
    """A result or an event: a day."""

    x: float
    y: float
    kind: str
    label: str


@dataclass(frozen=True)
class Timeline:
    """Everything to draw, in units of the view box; `index` is where the index date stands."""

    height: float
    lanes: list[Tick]
    days: list[Tick]
    bars: list[Bar]
    dots: list[Dot]
    thresholds: list[tuple[float, str]]
    index: float


def timeline(rows: Sequence[Row], index_date: date, as_of: date) -> Timeline:
    """Place the marks of one finding (rows of mart.timeline). A course that goes on past the audit's date is cut there."""
    first = min([index_date, *(r["from_day"] for r in rows)]) - timedelta(days=7)
    first = max(first, index_date - timedelta(days=400))
    last = max(as_of, index_date)
    x = scale(0, (last - first).days or 1, LEFT, RIGHT)

    def at(day: date) -> float:
        return x((min(max(day, first), last) - first).days)

    lanes, bars, dots, thresholds = [], [], [], []
    ordered = sorted(rows, key=lambda r: (ORDER[r["kind"]], r["lane"], r["from_day"], r["kind"]))
    for number, ((rank, lane), members) in enumerate(groupby(ordered, key=lambda r: (ORDER[r["kind"]], r["lane"]))):
        top, marks = TOP + number * LANE, list(members)
        lanes.append(Tick(top + LANE // 2, NAMES.get(lane, lane) if rank == 1 else lane))
        if rank == 0:
            bars += _bars(marks, at, top)
        else:
            y = _result_scale(marks, lane, top) if rank == 1 else None
            thresholds += [(y(t), f"{t:g}") for t in THRESHOLDS.get(lane, ()) if y and top < y(t) < top + LANE]
            dots += [Dot(at(m["from_day"]), y(m["value"]) if y else top + LANE // 2, m["kind"], _said(m)) for m in marks]
    return Timeline(TOP + len(lanes) * LANE + 18, lanes, _days(first, last, at), bars, dots, thresholds, at(index_date))


def _bars(marks: Sequence[Row], at: Callable[[date], float], top: float) -> list[Bar]:
    """Return courses as thin bars with their doses under them, as high as they are large."""
    most = max((m["value"] or 0.0 for m in marks), default=0.0) or 1.0
    found = []
    for m in marks:
        start, width = at(m["from_day"]), max(round(at(m["to_day"]) - at(m["from_day"]), 1), 2.0)
        tall = 5 if m["kind"] == "course" else round(6 + 14 * (m["value"] or most) / most, 1)
        y = top + 3 if m["kind"] == "course" else top + LANE - 4 - tall
        found.append(
            Bar(start, y, width, tall, m["kind"] if m["kind"] == "course" or m["value"] is not None else "unknown", _said(m))
        )
    return found


def _result_scale(marks: Sequence[Row], lane: str, top: float) -> Callable[[float], float]:
    """Return the scale of a lane of results: as high as the results and the nearest thresholds reach."""
    values = [m["value"] for m in marks if m["value"] is not None]
    near = [t for t in THRESHOLDS.get(lane, ()) if values and min(values) * 0.6 <= t <= max(values) * 1.6]
    low, high = min([*values, *near], default=0.0), max([*values, *near], default=1.0)
    pad = (high - low) * 0.15 or 1.0
    return scale(low - pad, high + pad, top + LANE - 3, top + 3)


def _said(mark: Row) -> str:
    days = f"{mark['from_day']}" if mark["from_day"] == mark["to_day"] else f"{mark['from_day']} to {mark['to_day']}"
    return f"{days}: {mark['label']}"


def _days(first: date, last: date, at: Callable[[date], float]) -> list[Tick]:
    """Return three to eight labelled firsts of months."""
    months = [
        date(year, month, 1)
        for year in range(first.year, last.year + 1)
        for month in range(1, 13)
        if first <= date(year, month, 1) <= last
    ]
    every = max(1, -(-len(months) // 7))
    return [Tick(at(day), f"{day:%b %y}") for day in months[::every]]
