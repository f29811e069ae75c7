"""Timelines of findings: drugs, doses, results and events of one patient on one axis of days, as coordinates.

A page has up to a thousand of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from nightrounds.frames import LANE, TOP, Frame, Row, frame_of
from nightrounds.lanes import (
    NAMES,
    Bar,
    Dot,
    bars_of,
    events_of,
    last_of,
    lines_of,
    name_of,
    results_of,
    scale_of,
    thresholds_near,
)  # fmt: skip
from nightrounds.plots import Tick

# Lanes in this order: drugs first, then results, then events.
ORDER = {"course": 0, "dose": 0, "result": 1, "event": 2}


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
    frame = frame_of(rows, index_date, as_of, len(grouped))
    lanes, lasts, bars, dots, thresholds = [], [], [], [], []
    for number, ((rank, lane), marks) in enumerate(grouped):
        top = TOP + number * LANE
        last = last_of(marks)
        # A name stands in the middle of its lane, or over the last dose or result.
        lanes.append(Tick(top + (15 if last else 21), name_of(NAMES.get(lane, lane) if rank == 1 else lane)))
        lasts += [Tick(top + 29, last)] if last else []
        if rank == 0:
            bars += bars_of(marks, frame, top)
        else:
            near = thresholds_near(marks, lane)
            y = scale_of(marks, near, top) if rank == 1 else None
            thresholds += lines_of(near, y) if y else []
            dots += results_of(marks, frame, y) if y else events_of(marks, frame, top + LANE // 2)
    return Timeline(frame, lanes, lasts, bars, dots, thresholds, frame.at(index_date))
