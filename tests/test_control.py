"""Control charts of a rule's months: which chart, which limits, how long they hold and what the last point says."""

from datetime import date

import pytest

from nightrounds.control import Limits, Phase, as_shown, phases, state
from nightrounds.series import Gap, Point, charted, choose
from nightrounds.site import Rebase
from nightrounds.spc import stretched


def month(place: int) -> date:
    """Return the first day of the so-manyth month from January 2024."""
    return date(2024 + place // 12, place % 12 + 1, 1)


def months(*counts: tuple[int, int], status: str = "shown") -> list[Point]:
    """Return consecutive months of (numerator, denominator)."""
    return [Point(month(i), x, n, status) for i, (x, n) in enumerate(counts)]


def chart(points: list[Point], *rebases: Rebase, locked: Limits | None = None, gaps: list[Gap] | None = None) -> list[Phase]:
    """Return the phases of the chart that suits the points; the limits of the first may be locked."""
    method = choose(points, gaps or [])
    held: dict[tuple[int, str | None], Limits] = {(1, None): locked} if locked else {}
    return phases(method, charted(method, points, gaps or []), rebases, held, "tonight")


def calm(length: int, *, high: int = 24) -> list[tuple[int, int]]:
    """Return months that swing a little around a half."""
    return [(20, 40) if i % 2 else (high, 40) for i in range(length)]


@pytest.mark.parametrize(("denominator", "method"), [(49, "xmr"), (50, "p'")])
def test_large_denominators_make_a_p_prime_chart(denominator: int, method: str) -> None:
    assert choose(months(*[(10, denominator)] * 4), []) == method


@pytest.mark.parametrize(("last", "method"), [(28, "xmr"), (54, "xmr"), (55, "p'"), (27, "p'")])
def test_uneven_denominators_make_a_p_prime_chart(last: int, method: str) -> None:
    """Within a quarter of their mean (37, 43.5, then 43.75 and 36.75) one pair of limits does for all."""
    assert choose(months(*[(10, 40)] * 3, (10, last)), []) == method


@pytest.mark.parametrize(
    ("findings", "denominator", "method"), [(19, 40, "g"), (20, 40, "xmr"), (19, 24, "g"), (19, 23.75, "xmr"), (0, 40, "xmr")]
)
def test_rare_findings_are_charted_by_the_way_between_them(findings: int, denominator: float, method: str) -> None:
    """Fewer than five a month, and fewer than a fifth of the judged units: nineteen of 96, not nineteen of 95."""
    gaps = [(month(i), 9, 20) for i in range(6)]
    sizes = [int(denominator * (i + 1)) - int(denominator * i) for i in range(4)]
    counts = [(findings, sizes[0]), *((0, n) for n in sizes[1:])]
    assert choose(months(*counts), gaps) == method


def test_a_month_with_nothing_judged_counts_as_one_without_a_finding() -> None:
    gaps = [(month(i), 9, 20) for i in range(6)]
    empty = [Point(month(i), 0, 0, "nothing judged") for i in range(2, 4)]
    assert choose([*months((7, 40), (7, 40)), *empty], gaps) == "g"
    assert choose(months((7, 40), (7, 40)), gaps) == "xmr"


def test_where_every_unit_is_a_finding_the_days_between_are_charted() -> None:
    gaps = [(month(1), 0, 31), (month(2), 0, 29)]
    assert choose(months((1, 1), (1, 1), (1, 1)), gaps) == "t"
    points = charted("t", [], gaps)
    assert [p.value for p in points] == [stretched(31), stretched(29)]
    assert as_shown("t", points[0].value) == pytest.approx(31)


def test_a_month_with_nothing_judged_or_hidden_counts_has_no_value() -> None:
    points = [*months((3, 6), (0, 0)), Point(month(2), None, None, "hidden")]
    assert [p.value for p in charted("xmr", points, [])] == [0.5, None, None]


@pytest.mark.parametrize(
    ("counts", "word"), [((5, 10), "steady"), ((4, 40), "too few to judge"), ((36, 40), "too few to judge"), ((5, 40), "steady")]
)
def test_months_that_expect_few_findings_or_clear_units_are_not_judged(counts: tuple[int, int], word: str) -> None:
    phase = chart(months(*[counts] * 13))[0]
    assert state(phase)[0] == word
    assert (phase.limits is None) is (word != "steady")


def test_small_months_all_of_findings_signal_nothing() -> None:
    """Three to twelve units a month at a rate of a half: four of four is no news."""
    small = [(2, 4), (3, 6), (1, 3), (6, 12), (2, 5), (3, 5), (4, 9), (1, 4), (2, 4), (3, 7), (2, 4), (3, 6), (4, 4)]
    said = "Too few to judge: 2.8 findings and 2.8 clear units in a month on average; 5 of each are needed."
    assert state(chart(months(*small))[0]) == ("too few to judge", said)


@pytest.mark.parametrize(("hidden", "word"), [(6, "steady"), (7, "too few to judge")])
def test_months_left_over_when_a_third_is_hidden_are_no_sample(hidden: int, word: str) -> None:
    points = [*months(*calm(12)), *(Point(month(12 + i), None, None, "hidden") for i in range(hidden))]
    assert state(chart(points)[0])[0] == word
    assert "idden" in state(chart(points)[0])[1]


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
    phase = chart(months(*calm(14)), locked=locked)[0]
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
    gaps = [(month(i), units, 30) for i, units in enumerate((3, 14, 30, 1, 9, 22, 5, 2, 17, 40, 6, 8))]
    points = months((1, 40), (0, 40), (0, 40))
    for units, word in ((130, "better"), (11, "steady")):
        assert state(chart(points, gaps=[*gaps, (month(12), units, 30)])[0])[0] == word


def test_a_trend_is_told_by_name_and_where_it_goes() -> None:
    falling = [(23 - i, 40) for i in range(7)]
    locked = Limits(0.5, 0.3, month(0), month(11), 12, "long ago")
    assert state(chart(months(*falling), locked=locked)[0]) == ("better", "Signal at the latest final point: trend.")


def test_locked_limits_belong_to_a_phase_and_its_reason() -> None:
    """A rebase before the first month is the first phase; with another reason its limits are others."""
    rebase = Rebase(since=date(2023, 1, 1), why="new formulary", chosen_by="pharmacy board")
    locked = Limits(0.1, 0.02, month(0), month(11), 12, "long ago")
    points = charted("xmr", months(*calm(14)), [])
    for reason, is_kept in (("new formulary", True), ("another", False), (None, False)):
        phase = phases("xmr", points, [rebase], {(1, reason): locked}, "tonight")[0]
        assert (phase.limits == locked) is is_kept


def test_a_new_major_version_is_the_reason_of_the_first_phase() -> None:
    points = charted("xmr", months(*calm(3)), [])
    assert phases("xmr", points, [], {}, "tonight", first="version 2.0.0")[0].because == "version 2.0.0"
