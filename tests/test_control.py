"""Control charts of a rule's months: which chart, which limits, how long they hold and what the last point says."""

from datetime import date

import pytest

from nightrounds.control import Limits, Phase, Point, as_shown, choose, phases, state
from nightrounds.site import Rebase
from nightrounds.spc import stretched


def month(place: int) -> date:
    """Return the first day of the so-manyth month from January 2024."""
    return date(2024 + place // 12, place % 12 + 1, 1)


def months(*counts: tuple[int, int], status: str = "shown") -> list[Point]:
    """Return consecutive months of (numerator, denominator)."""
    return [Point(month(i), x, n, status) for i, (x, n) in enumerate(counts)]


def chart(points: list[Point], *rebases: Rebase, locked: dict[int, Limits] | None = None) -> list[Phase]:
    """Return the phases of the chart that suits the points."""
    return phases(*choose(points, []), rebases, locked or {}, "tonight")


def calm(length: int, *, high: int = 24) -> list[tuple[int, int]]:
    """Return months that swing a little around a half."""
    return [(20, 40) if i % 2 else (high, 40) for i in range(length)]


@pytest.mark.parametrize(("denominator", "method"), [(49, "xmr"), (50, "p'")])
def test_large_denominators_make_a_p_prime_chart(denominator: int, method: str) -> None:
    assert choose(months(*[(10, denominator)] * 4), [])[0] == method


@pytest.mark.parametrize(("findings", "method"), [(7, "g"), (8, "xmr")])
def test_rare_findings_are_charted_by_the_way_between_them(findings: int, method: str) -> None:
    gaps = [(month(i), 9, 20) for i in range(6)]
    assert choose(months((findings, 40), (0, 40), (0, 40), (0, 40)), gaps)[0] == method


def test_where_every_unit_is_a_finding_the_days_between_are_charted() -> None:
    method, points = choose(months((1, 1), (1, 1), (1, 1)), [(month(1), 0, 31), (month(2), 0, 29)])
    assert method == "t"
    assert [p.value for p in points] == [stretched(31), stretched(29)]
    assert as_shown("t", points[0].value) == pytest.approx(31)


def test_a_month_with_nothing_judged_or_hidden_counts_has_no_value() -> None:
    points = [*months((3, 6), (0, 0)), Point(month(2), None, None, "hidden")]
    assert [p.value for p in choose(points, [])[1]] == [0.5, None, None]


@pytest.mark.parametrize(("length", "locked_by"), [(11, None), (12, "tonight")])
def test_limits_are_on_trial_below_twelve_points(length: int, locked_by: str | None) -> None:
    limits = chart(months(*calm(length)))[0].limits
    assert limits is not None
    assert (limits.locked_by, limits.baseline_points) == (locked_by, length)


@pytest.mark.parametrize(("length", "has_limits"), [(2, False), (3, True)])
def test_two_points_make_no_limits(length: int, *, has_limits: bool) -> None:
    phase = chart(months(*calm(length)))[0]
    assert (phase.limits is not None) is has_limits
    assert (state(phase)[0] == "too few points") is not has_limits


def test_limits_rest_on_the_first_twelve_final_points() -> None:
    points = months(*calm(12), (40, 40), (40, 40))
    points[0] = Point(points[0].day, 40, 40, "provisional")
    limits = chart(points)[0].limits
    assert limits is not None
    assert (limits.baseline_from, limits.baseline_to) == (month(1), month(12))


def test_locked_limits_stay_whatever_the_months_say_tonight() -> None:
    locked = Limits(0.1, 0.02, month(0), month(11), 12, "long ago")
    phase = chart(months(*calm(14)), locked={1: locked})[0]
    assert phase.limits == locked
    assert state(phase)[0] == "worse"


def test_a_rebase_begins_a_phase_with_limits_of_its_own() -> None:
    rebase = Rebase(since=month(12), why="new formulary", chosen_by="pharmacy board")
    before, after = chart(months(*calm(12), *[(4, 40), (6, 40)] * 7), rebase)
    assert before.because is None
    assert after.because == "new formulary"
    assert before.limits is not None
    assert after.limits is not None
    assert before.limits.centre > 0.5 > after.limits.centre
    assert state(after)[0] == "steady"


def test_a_provisional_month_neither_signals_nor_decides_the_state() -> None:
    points = [*months(*calm(12)), Point(month(12), 40, 40, "provisional")]
    phase = chart(points)[0]
    assert phase.signals[12] == set()
    assert state(phase)[0] == "steady"


@pytest.mark.parametrize(("numerator", "word"), [(40, "worse"), (0, "better"), (21, "steady")])
def test_fewer_findings_are_better(numerator: int, word: str) -> None:
    assert state(chart(months(*calm(12), (numerator, 40)))[0])[0] == word


def test_longer_ways_between_rare_findings_are_better() -> None:
    gaps = [(month(i), 10 + i % 3, 30) for i in range(12)]
    points = months((1, 40), (0, 40), (0, 40))
    for units, word in ((90, "better"), (11, "steady")):
        method, members = choose(points, [*gaps, (month(12), units, 30)])
        assert state(phases(method, members, [], {}, "tonight")[0])[0] == word


def test_a_trend_is_told_by_name_and_where_it_goes() -> None:
    falling = [(23 - i, 40) for i in range(7)]
    locked = {1: Limits(0.5, 0.3, month(0), month(11), 12, "long ago")}
    assert state(chart(months(*falling), locked=locked)[0]) == ("better", "Signal at the latest final point: trend.")
