"""Where the marks of a finding's timeline stand: lanes in their order, days in theirs, doses as high as they are large."""

from datetime import date, timedelta
from typing import Any

import pytest

from nightrounds.frames import LANE, LEFT, RIGHT, SPANS, TOP, YEAR, Frame
from nightrounds.lanes import LABEL_HEIGHT
from nightrounds.timelines import Timeline, timeline, timelines

INDEX, AS_OF = date(2026, 5, 1), date(2026, 6, 30)


def mark(kind: str, start: date, end: date | None = None, **given: Any) -> dict[str, Any]:
    """Return a row of mart.timeline."""
    return {"lane": "baclofen", "kind": kind, "from_day": start, "to_day": end or start, "value": None, "label": "x"} | given


def drawn(*rows: dict[str, Any], index: date = INDEX) -> Timeline:
    return timeline(rows, index, AS_OF)


def test_drugs_come_first_then_results_then_events() -> None:
    found = drawn(
        mark("event", INDEX, lane="events"),
        mark("result", INDEX, lane="egfr", value=40.0),
        mark("course", date(2026, 4, 1), INDEX, lane="quinine"),
        mark("course", date(2026, 4, 1), INDEX),
        mark("dose", date(2026, 4, 1), INDEX, value=30.0, label="30 mg"),
    )
    assert [lane.label for lane in found.lanes] == ["baclofen", "quinine", "eGFR", "events"]
    # A name is in the middle of its lane, or higher when the last dose or result is under it.
    assert [lane.at - TOP for lane in found.lanes] == [15, LANE + 21, 2 * LANE + 15, 3 * LANE + 21]
    assert [(last.at - TOP, last.label) for last in found.lasts] == [(29, "last 30 mg/day"), (2 * LANE + 29, "last 40")]
    assert found.frame.lines == [TOP + LANE * number for number in range(1, 5)]
    assert found.frame.height > found.frame.lines[-1]


def test_the_name_of_a_lane_stays_before_the_drawing() -> None:
    names = [lane.label for lane in drawn(*(mark("course", INDEX, lane=name) for name in ("a_b", "a" * 14, "b" * 15))).lanes]
    assert names == ["a b", "a" * 14, "b" * 13 + "…"]


def test_days_run_from_before_the_first_mark_to_the_day_audited() -> None:
    found = drawn(mark("course", date(2026, 4, 1), date(2027, 1, 1)), mark("event", AS_OF, lane="events"))
    course, event = found.bars[0], found.dots[0]
    assert course.x > LEFT
    assert course.x + course.width == RIGHT == event.x
    assert course.x < found.index < RIGHT


@pytest.mark.parametrize(
    ("days", "span"), [(0, 91), (90, 91), (91, 182), (181, 182), (182, 365), (364, 365), (365, 547), (546, 547), (547, 730)]
)
def test_a_timeline_begins_at_one_of_a_few_days(days: int, span: int) -> None:
    frame = drawn(mark("event", AS_OF - timedelta(days=days)), index=AS_OF).frame if days <= 400 else None
    frame = frame or drawn(mark("event", AS_OF), index=AS_OF - timedelta(days=days)).frame
    assert (frame.last, (frame.last - frame.first).days) == (AS_OF, span)
    assert span in SPANS or span % YEAR == 0


def test_what_began_long_ago_begins_at_the_edge() -> None:
    found = drawn(mark("course", date(2019, 1, 1), INDEX))
    assert found.bars[0].x == LEFT
    assert found.bars[0].label == "2019-01-01 to 2026-05-01: x"
    assert (found.frame.last - found.frame.first).days == 547


@pytest.mark.parametrize("value", [20.0, 80.0])
def test_a_dose_is_as_high_as_it_is_large(value: float) -> None:
    steps = [mark("dose", date(2026, 4, 1), date(2026, 4, 20), value=40.0), mark("dose", date(2026, 4, 21), INDEX, value=value)]
    first, second = drawn(*steps).bars
    assert (second.height > first.height) is (value > 40)
    assert first.y + first.height == second.y + second.height


def test_a_bar_has_an_outline_and_an_unknown_dose_looks_its_own_way() -> None:
    bar = drawn(mark("dose", INDEX)).bars[0]
    assert (bar.kind, bar.width) == ("unknown", 2)
    assert bar.path == f"M{bar.x} {bar.y}h2v20h-2z"


def test_results_stand_against_the_thresholds_that_are_near() -> None:
    found = drawn(*(mark("result", INDEX, lane="egfr", value=value) for value in (28.0, 33.0)))
    assert [line.label for line in found.thresholds] == ["30", "45"]
    low, high = found.dots
    assert low.y > found.thresholds[0].at > high.y > found.thresholds[1].at
    assert low.path == f"M{low.x} {low.y}h0"


def test_a_single_result_without_a_threshold_has_a_scale() -> None:
    found = drawn(mark("result", INDEX, lane="tsh", value=2.0))
    assert TOP < found.dots[0].y < TOP + LANE
    assert found.thresholds == []


@pytest.mark.parametrize(
    ("lane", "value", "threshold"),
    [("platelets", 60.0, "100"), ("sodium", 70.0, "125"), ("egfr", 4.0, "15"), ("egfr", 140.0, "60")],
)
def test_the_nearest_threshold_is_drawn_however_far_the_result_is(lane: str, value: float, threshold: str) -> None:
    found = drawn(mark("result", INDEX, lane=lane, value=value))
    line = next(line for line in found.thresholds if line.label == threshold)
    assert TOP < line.at < TOP + LANE
    assert (line.at < found.dots[0].y) is (float(threshold) > value)


def test_thresholds_that_stand_close_are_not_all_labelled() -> None:
    found = drawn(*(mark("result", INDEX, lane="egfr", value=value) for value in (10.0, 90.0)))
    assert [line.label for line in found.thresholds] == ["15", "", "", "60"]
    heights = [line.at for line in found.thresholds if line.label]
    assert heights[0] - heights[1] >= LABEL_HEIGHT


@pytest.mark.parametrize(
    ("kind", "value", "label", "said"),
    [
        ("dose", 1500.0, "1500 mg", "last 1500 mg/day"),
        ("dose", None, "?", "dose unknown"),
        ("result", 24.44, "24", "last 24.4"),
        ("result", 1.458, "0.6 mmol/L", "last 1.46"),
        ("result", 60.0, ">60", "last >60"),
        ("result", 1.7, "<= 1.7 mg/dL", "last <=1.7"),
    ],
)
def test_paper_and_touch_show_the_last_dose_and_result(kind: str, value: float | None, label: str, said: str) -> None:
    early, late = date(2026, 4, 1), date(2026, 5, 1)
    rows = [mark(kind, late, lane="egfr", value=value, label=label), mark(kind, early, lane="egfr", value=99.0, label="99 mg")]
    assert [last.label for last in drawn(*rows).lasts] == [said]


def test_courses_and_events_have_no_number() -> None:
    assert drawn(mark("course", INDEX), mark("event", INDEX, lane="events")).lasts == []


def test_events_of_a_day_are_one_mark_that_says_them_all() -> None:
    days = (INDEX, INDEX, INDEX, AS_OF)
    rows = [
        mark("event", day, lane="events", label=label)
        for day, label in zip(days, ("a fall", "N18.4", "a fall", "G40"), strict=True)
    ]
    assert [dot.label for dot in drawn(*rows).dots] == ["2026-05-01: a fall; N18.4", "2026-06-30: G40"]


def test_what_happened_long_before_points_there_and_takes_no_room() -> None:
    found = drawn(mark("event", date(2023, 5, 30), lane="events"), mark("event", date(2026, 4, 20), lane="events"))
    assert (found.frame.last - found.frame.first).days == 91
    old, recent = found.dots
    assert (old.x, old.label) == (LEFT, "2023-05-30: x")
    assert (old.path, recent.path) == (f"M{LEFT} {old.y}l10 -5v10z", f"M{recent.x} {recent.y - 6}l5 10h-10z")


def test_months_are_named_sparsely() -> None:
    assert [tick.label for tick in drawn(mark("event", date(2026, 4, 20))).frame.months] == ["Apr 26", "May 26", "Jun 26"]
    for span in (*SPANS, 2 * YEAR, 3 * YEAR, 4 * YEAR):
        months = Frame(AS_OF - timedelta(days=span), AS_OF, 1).months
        assert 3 <= len(months) <= 8
        assert all(LEFT <= month.at < RIGHT for month in months)


def test_a_month_that_begins_on_the_last_day_is_named_inside_the_drawing() -> None:
    months = Frame(date(2026, 4, 1), date(2026, 7, 1), 1).months
    assert [month.label for month in months] == ["Apr 26", "May 26", "Jun 26", "Jul 26"]
    assert months[0].at == LEFT
    assert months[-1].at < RIGHT


def test_findings_of_a_page_share_what_is_behind_their_marks() -> None:
    first, other = mark("event", INDEX), mark("event", INDEX - timedelta(days=100))
    page = timelines([{"marks": marks, "index_date": INDEX} for marks in ([first], [other], [], [first])], AS_OF)
    assert [bool(line) for line in page.drawn] == [True, True, False, True]
    assert list(page.frames.values()) == [1, 2]
    assert [page.frames[line.frame] for line in page.drawn if line] == [1, 2, 1]
