"""Frames: the days that timelines of findings show, and the lines under their lanes.

They end on the day audited and begin at one of a few distances before it, so that cards can be compared, and so that months and
lines of lanes are drawn once a page and used by all that share them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from nightrounds.plots import Tick

Row = Mapping[str, Any]
LEFT, RIGHT, TOP, LANE = 110, 712, 16, 34
# Days that a timeline may show: a quarter, half a year, a year, a year and a half, then whole years.
YEAR = 365
SPANS = (91, 182, YEAR, 547)
# What is older than this before the index date stands at the left edge, and does not make the timeline longer.
LONGEST_BEFORE = 400


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


def frame_of(rows: Sequence[Row], index_date: date, as_of: date, lanes: int) -> Frame:
    """Return the shortest frame in which every mark has its place that is not too old."""
    last, oldest = max(as_of, index_date), index_date - timedelta(days=LONGEST_BEFORE)
    first = min([index_date, *(max(r["from_day"], oldest) for r in rows if r["to_day"] >= oldest)])
    days = (last - first).days
    return Frame(last - timedelta(days=next((s for s in SPANS if s > days), YEAR * -(-(days + 1) // YEAR))), last, lanes)
