"""Timelines of findings: drugs, doses, results and events of one patient on one axis of days, as coordinates.

A page has up to a thousand of them. They end on the day audited and begin at one of a few distances before it, so that cards
can be compared, and so that months and lines of lanes are drawn once a page and used by all that share them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from nightrounds.plots import Tick, scale

Row = Mapping[str, Any]
LEFT, RIGHT, TOP, LANE = 110, 712, 16, 34
# Days that a timeline may show: a quarter, half a year, a year, a year and a half, then whole years.
YEAR = 365
SPANS = (91, 182, YEAR, 547)
# What is older than this before the index date stands at the left edge, and does not make the timeline longer.
LONGEST_BEFORE = 400
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
NAME_LENGTH = 14
# Labels of thresholds that are nearer to one another would run into each other.
LABEL_HEIGHT = 11
LIMIT = re.compile(r"[<>]=?")


@dataclass(frozen=True)
class Frame:
    """What timelines share: the days from `first` to `last` and the lines under so many lanes."""

    first: date
    last: date
    lanes: int

    @property
    def height(self) -> int:
        """Height of the drawing, months under the lanes included."""
        return TOP + self.lanes * LANE + 18

    @property
    def lines(self) -> list[int]:
        """Where the line under each lane stands."""
        return [TOP + number * LANE for number in range(1, self.lanes + 1)]

    @property
    def months(self) -> list[Tick]:
        """Three to eight labelled firsts of months."""
        ends = (day.year * 12 + day.month - 1 for day in (self.first - timedelta(days=1), self.last))
        months = [date(number // 12, number % 12 + 1, 1) for number in range(next(ends) + 1, next(ends) + 1)]
        return [Tick(min(self.at(day), RIGHT - 12), f"{day:%b %y}") for day in months[:: max(1, -(-len(months) // 7))]]

    def at(self, day: date) -> int:
        """Return where a day stands; one outside stands at the edge."""
        share = (min(max(day, self.first), self.last) - self.first) / ((self.last - self.first) or timedelta(days=1))
        return round(LEFT + share * (RIGHT - LEFT))


@dataclass(frozen=True)
class Bar:
    """A course or a dose: a stretch of days."""

    x: int
    y: int
    width: int
    height: int
    kind: str
    label: str

    @property
    def path(self) -> str:
        """The bar's outline."""
        return f"M{self.x} {self.y}h{self.width}v{self.height}h-{self.width}z"


@dataclass(frozen=True)
class Dot:
    """A result or an event: a day. One before the first day of the timeline points to the left."""

    x: int
    y: int
    kind: str
    label: str
    is_earlier: bool = False

    @property
    def path(self) -> str:
        """A point, which the style sheet makes a disc, for a result; a triangle for an event."""
        if self.kind == "result":
            return f"M{self.x} {self.y}h0"
        return f"M{self.x} {self.y}l10 -5v10z" if self.is_earlier else f"M{self.x} {self.y - 6}l5 10h-10z"


@dataclass(frozen=True)
class Timeline:
    """Everything to draw in a frame, in units of the view box. `lasts` are under the names of lanes, `index` is a day."""

    frame: Frame
    lanes: list[Tick]
    lasts: list[Tick]
    bars: list[Bar]
    dots: list[Dot]
    thresholds: list[Tick]
    index: int


@dataclass(frozen=True)
class Timelines:
    """The timelines of a page, one a finding (none where nothing is on record), and each frame's number on the page."""

    frames: dict[Frame, int]
    drawn: list[Timeline | None]


def timelines(findings: Sequence[Row], as_of: date) -> Timelines:
    """Place the marks of a page's findings (rows with `marks` of mart.timeline and an index date)."""
    drawn = [timeline(f["marks"], f["index_date"], as_of) if f["marks"] else None for f in findings]
    frames = dict.fromkeys(t.frame for t in drawn if t)
    return Timelines({frame: number for number, frame in enumerate(frames, 1)}, drawn)


def timeline(rows: Sequence[Row], index_date: date, as_of: date) -> Timeline:
    """Place the marks of one finding (rows of mart.timeline). A course that goes on past the audit's date is cut there."""
    ordered = sorted(rows, key=lambda r: (ORDER[r["kind"]], r["lane"], r["from_day"], r["kind"]))
    grouped = [(key, list(members)) for key, members in groupby(ordered, key=lambda r: (ORDER[r["kind"]], r["lane"]))]
    frame = _frame(rows, index_date, as_of, len(grouped))
    lanes, lasts, bars, dots, thresholds = [], [], [], [], []
    for number, ((rank, lane), marks) in enumerate(grouped):
        top = TOP + number * LANE
        last = _last(marks)
        # A name stands in the middle of its lane, or over the last dose or result.
        lanes.append(Tick(top + (15 if last else 21), _name(NAMES.get(lane, lane) if rank == 1 else lane)))
        lasts += [Tick(top + 29, last)] if last else []
        if rank == 0:
            bars += _bars(marks, frame, top)
        else:
            near = _near_thresholds(marks, lane)
            y = _result_scale(marks, near, top) if rank == 1 else None
            thresholds += _lines(near, y) if y else []
            dots += _results(marks, frame, y) if y else _events(marks, frame, top + LANE // 2)
    return Timeline(frame, lanes, lasts, bars, dots, thresholds, frame.at(index_date))


def _frame(rows: Sequence[Row], index_date: date, as_of: date, lanes: int) -> Frame:
    """Return the shortest frame in which every mark has its place that is not too old."""
    last, oldest = max(as_of, index_date), index_date - timedelta(days=LONGEST_BEFORE)
    first = min([index_date, *(max(r["from_day"], oldest) for r in rows if r["to_day"] >= oldest)])
    days = (last - first).days
    return Frame(last - timedelta(days=next((s for s in SPANS if s > days), YEAR * -(-(days + 1) // YEAR))), last, lanes)


def _bars(marks: Sequence[Row], frame: Frame, top: int) -> list[Bar]:
    """Return courses as thin bars with their doses under them, as high as they are large."""
    most = max((m["value"] or 0.0 for m in marks), default=0.0) or 1.0
    found = []
    for m in marks:
        start, is_course = frame.at(m["from_day"]), m["kind"] == "course"
        tall = 5 if is_course else round(6 + 14 * (m["value"] or most) / most)
        kind = "unknown" if m["value"] is None and not is_course else m["kind"]
        width = max(frame.at(m["to_day"]) - start, 2)
        found.append(Bar(start, top + 3 if is_course else top + LANE - 4 - tall, width, tall, kind, _said(m)))
    return found


def _results(marks: Sequence[Row], frame: Frame, y: Callable[[float], int]) -> list[Dot]:
    return [Dot(frame.at(m["from_day"]), y(m["value"]), m["kind"], _said(m)) for m in marks]


def _events(marks: Sequence[Row], frame: Frame, y: int) -> list[Dot]:
    """Return a dot for each day, which says all that happened on it: one dot would cover the other."""
    days = [(day, list(dict.fromkeys(m["label"] for m in found))) for day, found in groupby(marks, key=lambda m: m["from_day"])]
    return [Dot(frame.at(day), y, "event", f"{day}: {'; '.join(labels)}", day < frame.first) for day, labels in days]


def _near_thresholds(marks: Sequence[Row], lane: str) -> list[float]:
    """Return the thresholds near to the results of a lane, the lowest first; the nearest at least, however far it is."""
    values = [m["value"] for m in marks if m["value"] is not None]
    known = THRESHOLDS.get(lane, ()) if values else ()
    nearest = min(known, key=lambda t: min(abs(t - value) for value in values), default=None)
    return [t for t in known if t == nearest or min(values) * 0.6 <= t <= max(values) * 1.6]


def _result_scale(marks: Sequence[Row], near: Sequence[float], top: int) -> Callable[[float], int]:
    """Return the scale of a lane of results: as high as the results and the thresholds near to them reach."""
    reached = [*(m["value"] for m in marks if m["value"] is not None), *near]
    low, high = min(reached, default=0.0), max(reached, default=1.0)
    pad = (high - low) * 0.15 or 1.0
    place = scale(low - pad, high + pad, top + LANE - 3, top + 3)
    return lambda value: round(place(value))


def _lines(thresholds: Sequence[float], y: Callable[[float], int]) -> list[Tick]:
    """Return thresholds as lines, the lowest first; one whose label would touch that of the line below has none."""
    lines: list[Tick] = []
    free = float("inf")
    for threshold in thresholds:
        at = y(threshold)
        is_free = free - at >= LABEL_HEIGHT
        lines.append(Tick(at, f"{threshold:g}" if is_free else ""))
        free = at if is_free else free
    return lines


def _last(marks: Sequence[Row]) -> str:
    """Return the last dose or result of a lane in a few words, since a mark tells its number to a mouse only."""
    told = [m for m in marks if m["kind"] in ("dose", "result")]
    if not told:
        return ""
    last = max(told, key=lambda m: (m["from_day"], m["to_day"]))
    if last["value"] is None:
        return "dose unknown" if last["kind"] == "dose" else ""
    if last["kind"] == "dose":
        return f"last {last['label']}/day"
    # As drawn, in the unit of the thresholds; a limit stays one.
    limit = LIMIT.match(last["label"])
    return f"last {limit[0] if limit else ''}{round(last['value'], 1 if last['value'] >= 10 else 2):g}"


def _name(lane: str) -> str:
    """Return a lane's name as words, cut where it would reach into the drawing."""
    words = lane.replace("_", " ")
    return words if len(words) <= NAME_LENGTH else words[: NAME_LENGTH - 1] + "…"


def _said(mark: Row) -> str:
    days = f"{mark['from_day']}" if mark["from_day"] == mark["to_day"] else f"{mark['from_day']} to {mark['to_day']}"
    return f"{days}: {mark['label']}"
