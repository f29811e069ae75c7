"""Lanes: the courses, doses, results and events of a timeline as bars and dots in a frame, with thresholds behind results."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from nightrounds.frames import LANE, Frame, Row
from nightrounds.plots import Tick, scale

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


def bars_of(marks: Sequence[Row], frame: Frame, top: int) -> list[Bar]:
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


def results_of(marks: Sequence[Row], frame: Frame, y: Callable[[float], int]) -> list[Dot]:
    """Return results as dots on a scale."""
    return [Dot(frame.at(m["from_day"]), y(m["value"]), m["kind"], _said(m)) for m in marks]


def events_of(marks: Sequence[Row], frame: Frame, y: int) -> list[Dot]:
    """Return a dot for each day, which says all that happened on it: one dot would cover the other."""
    days = [(day, list(dict.fromkeys(m["label"] for m in found))) for day, found in groupby(marks, key=lambda m: m["from_day"])]
    return [Dot(frame.at(day), y, "event", f"{day}: {'; '.join(labels)}", day < frame.first) for day, labels in days]


def thresholds_near(marks: Sequence[Row], lane: str) -> list[float]:
    """Return the thresholds near to the results of a lane, the lowest first; the nearest at least, however far it is."""
    values = [m["value"] for m in marks if m["value"] is not None]
    known = THRESHOLDS.get(lane, ()) if values else ()
    nearest = min(known, key=lambda t: min(abs(t - value) for value in values), default=None)
    return [t for t in known if t == nearest or min(values) * 0.6 <= t <= max(values) * 1.6]


def scale_of(marks: Sequence[Row], near: Sequence[float], top: int) -> Callable[[float], int]:
    """Return the scale of a lane of results: as high as the results and the thresholds near to them reach."""
    reached = [*(m["value"] for m in marks if m["value"] is not None), *near]
    low, high = min(reached, default=0.0), max(reached, default=1.0)
    pad = (high - low) * 0.15 or 1.0
    place = scale(low - pad, high + pad, top + LANE - 3, top + 3)
    return lambda value: round(place(value))


def lines_of(thresholds: Sequence[float], y: Callable[[float], int]) -> list[Tick]:
    """Return thresholds as lines, the lowest first; one whose label would touch that of the line below has none."""
    lines: list[Tick] = []
    free = float("inf")
    for threshold in thresholds:
        at = y(threshold)
        is_free = free - at >= LABEL_HEIGHT
        lines.append(Tick(at, f"{threshold:g}" if is_free else ""))
        free = at if is_free else free
    return lines


def last_of(marks: Sequence[Row]) -> str:
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


def name_of(lane: str) -> str:
    """Return a lane's name as words, cut where it would reach into the drawing."""
    words = lane.replace("_", " ")
    return words if len(words) <= NAME_LENGTH else words[: NAME_LENGTH - 1] + "…"


def _said(mark: Row) -> str:
    days = f"{mark['from_day']}" if mark["from_day"] == mark["to_day"] else f"{mark['from_day']} to {mark['to_day']}"
    return f"{days}: {mark['label']}"
