"""Plots: where the marks of a chart stand. Numbers in, coordinates out; the templates draw them as SVG, the style sheet paints.

Coordinates are units of the SVG's view box, whole or with one decimal, so that a page is the same in every run. A chart of a
library would bring thirty times the time and twice the bytes for each of some two hundred charts of a report.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from nightrounds.funnel import Funnel, mouth

Row = Mapping[str, Any]
WIDTH, HEIGHT = 720.0, 280.0
LEFT, RIGHT, TOP, BOTTOM = 54.0, 14.0, 22.0, 46.0
# Points without a value stand in a strip under the axis: they are neither zero nor left out.
STRIP = HEIGHT - BOTTOM + 13
LETTERS = {"outside limits": "O", "shift": "S", "trend": "T", "two of three": "2"}
STEPS = (1, 2, 2.5, 5, 10)
CURVE_POINTS = 48


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Mark:
    """One point: where, of what look (shown, signal, provisional, hidden, nothing, small), its letters, and its words."""

    x: float
    y: float
    look: str
    letters: str
    said: str


@dataclass(frozen=True)
class Plot:
    """A chart to draw: axes, paths by name (centre, lower, upper, values ...), marks, and labelled verticals."""

    x_ticks: list[Tick]
    y_ticks: list[Tick]
    paths: dict[str, str]
    marks: list[Mark]
    verticals: list[Tick] = field(default_factory=list)


def scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """Return the function that takes low..high to start..end, rounded to a tenth."""
    span = (high - low) or 1.0
    return lambda value: round(start + (value - low) / span * (end - start), 1)


def ceiling(value: float) -> tuple[float, float]:
    """Return a round number at or above a positive value, and the distance of four to seven ticks up to it."""
    power = 10.0 ** (len(str(int(value))) - 1) if value >= 1 else 1.0
    while power > value:
        power /= 10
    step = next(s * power / 5 for s in STEPS if s * power >= value)
    return round(ceil(round(value / step, 9)) * step, 10), step


def path(points: Sequence[tuple[float, float]]) -> str:
    """Return an SVG path through points; nothing for none."""
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points) if points else ""


def as_percent(value: float) -> str:
    """Write a share as a whole percentage where it is one, else with one decimal."""
    return f"{100 * value:.1f}".removesuffix(".0") + "%"


def as_number(value: float) -> str:
    """Write a number without a decimal that says nothing."""
    return f"{value:,.1f}".removesuffix(".0")


def control_plot(rows: Sequence[Row], method: str, annotations: Sequence[Row] = ()) -> Plot:
    """Place the points of a control chart (rows of mart.control_point in order; annotations have `day` and `remark`)."""
    is_rate = method in ("xmr", "p'", "none")
    written = as_percent if is_rate else as_number
    tallest = max((v for r in rows for v in (r["value"], r["upper"]) if v is not None), default=0.0)
    top, step = ceiling(min(tallest * 1.05, 1.0) if is_rate else tallest * 1.05) if tallest else (1.0, 0.25)
    x, y = scale(0, len(rows), LEFT, WIDTH - RIGHT), scale(0, top, HEIGHT - BOTTOM, TOP)
    places = [x(i + 0.5) for i in range(len(rows))]
    paths = {name: _steps(rows, places, y, name) for name in ("centre", "lower", "upper")}
    known = [(places[i], y(r["value"])) for i, r in enumerate(rows) if r["value"] is not None]
    every = max(1, -(-len(rows) // 12))
    months = [f"{r['day']:%b %y}" for r in rows[::every]]
    return Plot(
        # Several rare findings may be of one month: it is named once.
        [Tick(places[i * every], month) for i, month in enumerate(months) if i == 0 or month != months[i - 1]],
        _y_ticks(top, step, y, written),
        paths | {"values": path(known)},
        [_control_mark(r, places[i], y, written) for i, r in enumerate(rows)],
        _verticals(rows, places, annotations),
    )


def _y_ticks(top: float, step: float, y: Callable[[float], float], written: Callable[[float], str]) -> list[Tick]:
    return [Tick(y(i * step), written(i * step)) for i in range(round(top / step) + 1)]


def _steps(rows: Sequence[Row], places: Sequence[float], y: Callable[[float], float], name: str) -> str:
    """Return a limit as steps half-way between points, broken where a phase begins or a point has no limit."""
    half = (places[1] - places[0]) / 2 if len(places) > 1 else 20.0
    parts: list[str] = []
    for i, row in enumerate(rows):
        if row[name] is None:
            continue
        goes_on = i > 0 and rows[i - 1][name] is not None and rows[i - 1]["phase"] == row["phase"]
        height = y(row[name])
        parts.append(f"{'L' if goes_on else 'M'}{round(places[i] - half, 1):g} {height:g}H{round(places[i] + half, 1):g}")
    return "".join(parts)


def _control_mark(row: Row, x: float, y: Callable[[float], float], written: Callable[[float], str]) -> Mark:
    when = f"{row['day']:%B %Y}" if row["numerator"] != 1 or row["denominator"] is not None else f"{row['day']:%d %B %Y}"
    if row["value"] is None:
        look = "hidden" if row["status"] == "hidden" else "nothing"
        return Mark(x, STRIP, look, "", f"{when}: " + ("hidden" if look == "hidden" else "nothing judged"))
    counts = f" ({row['numerator']:,} of {row['denominator']:,})" if row["denominator"] is not None else ""
    letters = "".join(LETTERS[name] for name in LETTERS if name in row["signals"])
    look = "provisional" if row["status"] == "provisional" else "signal" if letters else "shown"
    more = ", provisional" if look == "provisional" else f", signal: {', '.join(row['signals'])}" if letters else ""
    return Mark(x, y(row["value"]), look, letters, f"{when}: {written(row['value'])}{counts}{more}")


def _verticals(rows: Sequence[Row], places: Sequence[float], annotations: Sequence[Row]) -> list[Tick]:
    """Return a vertical where a phase begins and at the point on or after each annotation's day, numbered in time's order."""
    begins = [i for i in range(1, len(rows)) if rows[i]["phase"] != rows[i - 1]["phase"]]
    return [Tick(round((places[i] + places[i - 1]) / 2, 1), "new limits") for i in begins] + [
        Tick(next((places[i] for i, r in enumerate(rows) if r["day"] >= note["day"]), places[-1]), str(number))
        for number, note in enumerate(annotations, 1)
        if rows
    ]


def funnel_plot(rows: Sequence[Row]) -> Plot:
    """Place facilities (rows of mart.funnel_point, one at least) by judged units and rate, inside their limits."""
    shape = Funnel(rows[0]["rate"], rows[0]["phi"])
    widest, x_step = ceiling(max(r["denominator"] for r in rows) * 1.05)
    tallest = max(max(r["value"], min(r["warning_high"], 1.0)) for r in rows)
    top, y_step = ceiling(min(tallest * 1.05, 1.0) or 1.0)
    x, y = scale(0, widest, LEFT, WIDTH - RIGHT), scale(0, top, HEIGHT - BOTTOM, TOP)
    sizes = [max(1, round(widest * (i + 1) / CURVE_POINTS)) for i in range(CURVE_POINTS)]
    limits = [(x(n), vars(mouth(shape, n))) for n in sizes]
    names = ("alarm_low", "alarm_high", "warning_low", "warning_high")
    curves = {name: path([(at, y(min(values[name], top))) for at, values in limits]) for name in names}
    return Plot(
        [Tick(x(i * x_step), as_number(i * x_step)) for i in range(round(widest / x_step) + 1)],
        _y_ticks(top, y_step, y, as_percent),
        curves | {"centre": path([(LEFT, y(shape.rate)), (WIDTH - RIGHT, y(shape.rate))])},
        [_funnel_mark(r, x, y) for r in rows],
    )


def _funnel_mark(row: Row, x: Callable[[float], float], y: Callable[[float], float]) -> Mark:
    look = {"within": "shown", "underpowered": "small"}.get(row["verdict"], "signal")
    counts = f"{row['numerator']:,} of {row['denominator']:,}"
    said = f"{row['facility_id']}: {as_percent(row['value'])} ({counts}), {row['verdict']}"
    return Mark(x(row["denominator"]), y(row["value"]), look, row["facility_id"] if look == "signal" else "", said)
