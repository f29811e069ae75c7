"""Where the marks of a finding's timeline stand: lanes in their order, days in theirs, doses as high as they are large."""

from datetime import date
from typing import Any

import pytest

from nightrounds.timelines import LANE, LEFT, RIGHT, TOP, timeline

INDEX, AS_OF = date(2026, 5, 1), date(2026, 6, 30)


def mark(kind: str, start: date, end: date | None = None, **given: Any) -> dict[str, Any]:
    """Return a row of mart.timeline."""
    return {"lane": "baclofen", "kind": kind, "from_day": start, "to_day": end or start, "value": None, "label": "x"} | given


def test_drugs_come_first_then_results_then_events() -> None:
    rows = [
        mark("event", INDEX, lane="events"),
        mark("result", INDEX, lane="egfr", value=40.0),
        mark("course", date(2026, 4, 1), INDEX, lane="quinine"),
        mark("course", date(2026, 4, 1), INDEX),
        mark("dose", date(2026, 4, 1), INDEX, value=30.0),
    ]
    drawn = timeline(rows, INDEX, AS_OF)
    assert [lane.label for lane in drawn.lanes] == ["baclofen", "quinine", "eGFR", "events"]
    assert [lane.at for lane in drawn.lanes] == [TOP + LANE * (i + 0.5) for i in range(4)]


def test_days_run_from_before_the_first_mark_to_the_day_audited() -> None:
    drawn = timeline([mark("course", date(2026, 4, 1), date(2027, 1, 1)), mark("event", AS_OF, lane="events")], INDEX, AS_OF)
    course, event = drawn.bars[0], drawn.dots[0]
    assert course.x > LEFT
    assert course.x + course.width == RIGHT == event.x
    assert course.x < drawn.index < RIGHT


def test_what_began_long_ago_begins_at_the_edge() -> None:
    drawn = timeline([mark("course", date(2019, 1, 1), INDEX)], INDEX, AS_OF)
    assert drawn.bars[0].x == LEFT
    assert drawn.bars[0].label == "2019-01-01 to 2026-05-01: x"


@pytest.mark.parametrize("value", [20.0, 80.0])
def test_a_dose_is_as_high_as_it_is_large(value: float) -> None:
    steps = [mark("dose", date(2026, 4, 1), date(2026, 4, 20), value=40.0), mark("dose", date(2026, 4, 21), INDEX, value=value)]
    first, second = timeline(steps, INDEX, AS_OF).bars
    assert (second.height > first.height) is (value > 40)
    assert first.y + first.height == second.y + second.height


def test_an_unknown_dose_looks_its_own_way() -> None:
    assert timeline([mark("dose", INDEX)], INDEX, AS_OF).bars[0].kind == "unknown"


def test_results_stand_against_the_thresholds_that_are_near() -> None:
    drawn = timeline([mark("result", INDEX, lane="egfr", value=value) for value in (28.0, 33.0)], INDEX, AS_OF)
    assert [label for _, label in drawn.thresholds] == ["30", "45"]
    low, high = drawn.dots
    assert low.y > drawn.thresholds[0][0] > high.y > drawn.thresholds[1][0]


def test_a_single_result_without_a_threshold_has_a_scale() -> None:
    drawn = timeline([mark("result", INDEX, lane="tsh", value=2.0)], INDEX, AS_OF)
    assert TOP < drawn.dots[0].y < TOP + LANE
    assert drawn.thresholds == []


def test_months_are_named_sparsely() -> None:
    assert [tick.label for tick in timeline([mark("event", date(2026, 4, 20))], INDEX, AS_OF).days] == ["May 26", "Jun 26"]
    assert 3 <= len(timeline([mark("course", date(2024, 1, 1))], INDEX, AS_OF).days) <= 8
