"""Where the marks of a chart stand: scales, ticks, the look of a point that is no number, and limits that break where they must."""

from datetime import date
from typing import Any

import pytest

from nightrounds.plots import BOTTOM, HEIGHT, STRIP, TOP, as_number, as_percent, ceiling, control_plot, funnel_plot, path, scale


def point(place: int, **given: Any) -> dict[str, Any]:
    """Return a row of mart.control_point: a steady month unless said otherwise."""
    steady = {
        "day": date(2025, place, 1), "phase": 1, "status": "shown", "numerator": 20, "denominator": 100, "value": 0.2,
        "centre": 0.2, "lower": 0.1, "upper": 0.3, "signals": [],
    }  # fmt: skip
    return steady | given


@pytest.mark.parametrize(
    ("value", "top", "step"),
    [(0.31, 0.4, 0.1), (0.2, 0.2, 0.04), (0.21, 0.25, 0.05), (1.0, 1.0, 0.2), (0.017, 0.02, 0.004), (7.3, 8.0, 2.0), (120, 120, 40), (999, 1000, 200)],
)  # fmt: skip
def test_an_axis_ends_at_a_round_number_above_its_values(value: float, top: float, step: float) -> None:
    assert list(ceiling(value)) == pytest.approx([top, step])


def test_a_scale_runs_both_ways_and_bears_an_empty_span() -> None:
    down = scale(0, 10, 100, 0)
    assert (down(0), down(10), down(2.5)) == (100, 0, 75)
    assert scale(3, 3, 5, 9)(3) == 5


def test_numbers_are_written_without_decimals_that_say_nothing() -> None:
    assert (as_percent(0.2), as_percent(0.215), as_number(1200), as_number(7.25)) == ("20%", "21.5%", "1,200", "7.2")
    assert path([]) == ""


def test_values_stand_between_floor_and_top() -> None:
    plot = control_plot([point(1), point(2, value=0.0, numerator=0), point(3, value=0.4)], "xmr")
    heights = [mark.y for mark in plot.marks]
    assert heights[1] == HEIGHT - BOTTOM
    assert TOP <= heights[2] < heights[0] < heights[1]


@pytest.mark.parametrize(
    ("given", "look", "said"),
    [
        ({}, "shown", "March 2025: 20% (20 of 100)"),
        ({"status": "provisional"}, "provisional", "March 2025: 20% (20 of 100), provisional"),
        ({"signals": ["shift", "outside limits"]}, "signal", "March 2025: 20% (20 of 100), signal: shift, outside limits"),
        ({"value": None, "status": "hidden", "numerator": None, "denominator": None}, "hidden", "March 2025: hidden"),
        ({"value": None, "status": "nothing judged", "denominator": 0, "numerator": 0}, "nothing", "March 2025: nothing judged"),
    ],
)
def test_every_kind_of_point_looks_its_own_way(given: dict[str, Any], look: str, said: str) -> None:
    mark = control_plot([point(1), point(2), point(3, **given)], "xmr").marks[2]
    assert (mark.look, mark.said) == (look, said)
    assert (mark.y == STRIP) is (given.get("value", 0) is None)


def test_letters_of_signals_stand_in_one_order() -> None:
    assert control_plot([point(1, signals=["two of three", "outside limits"])], "xmr").marks[0].letters == "O2"


def test_limits_break_where_a_phase_begins_and_where_there_are_none() -> None:
    rows = [point(1), point(2), point(3, phase=2), point(4, phase=2, upper=None, centre=None, lower=None), point(5, phase=2)]
    plot = control_plot(rows, "p'")
    assert plot.paths["upper"].count("M") == 3
    assert [v.label for v in plot.verticals] == ["new limits"]


def test_an_annotation_stands_at_the_month_on_or_after_its_day() -> None:
    rows = [point(1), point(2), point(3)]
    plot = control_plot(
        rows, "xmr", [{"day": date(2025, 1, 20), "remark": "new alert"}, {"day": date(2026, 1, 1), "remark": "later"}]
    )
    assert [v.at for v in plot.verticals] == [plot.marks[1].x, plot.marks[2].x]


def test_days_between_findings_are_no_shares() -> None:
    gap = {"numerator": 1, "denominator": None, "value": 40.0, "centre": 30.0, "lower": 0.0, "upper": None}
    plot = control_plot([point(1, **gap), point(2, **gap)], "t")
    assert plot.marks[0].said == "01 January 2025: 40"
    assert plot.paths["upper"] == ""


def test_a_chart_without_any_value_still_has_axes() -> None:
    nothing = {
        "value": None,
        "status": "hidden",
        "numerator": None,
        "denominator": None,
        "centre": None,
        "lower": None,
        "upper": None,
    }
    plot = control_plot([point(1, **nothing)], "none")
    assert [tick.label for tick in plot.y_ticks] == ["0%", "25%", "50%", "75%", "100%"]


def facility(name: str, numerator: int, denominator: int, verdict: str) -> dict[str, Any]:
    """Return a row of mart.funnel_point."""
    return {
        "facility_id": name, "numerator": numerator, "denominator": denominator, "value": numerator / denominator, "rate": 0.2,
        "phi": 1.0, "warning_high": 0.3, "verdict": verdict,
    }  # fmt: skip


def test_facilities_stand_by_size_and_rate_and_only_outliers_are_named() -> None:
    plot = funnel_plot(
        [facility("north", 20, 100, "within"), facility("<b>", 90, 200, "alarm high"), facility("tiny", 2, 9, "underpowered")]
    )
    assert [(m.look, m.letters) for m in plot.marks] == [("shown", ""), ("signal", "<b>"), ("small", "")]
    assert plot.marks[2].x < plot.marks[0].x < plot.marks[1].x
    assert plot.marks[0].said == "north: 20% (20 of 100), within"
    assert set(plot.paths) == {"alarm_low", "alarm_high", "warning_low", "warning_high", "centre"}
