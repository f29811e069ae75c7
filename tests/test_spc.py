"""Control charts and funnel plots: formulas against worked examples and against other people's packages.

Published: Nelson's exponent, D2 = 1.128 and the NHS rules are facts of their sources, named in the modules, and so are the
numbers of the worked examples; the other series are our own. qikit (clinical-qikit) and abspc compute the same charts by their
own code.
"""

import random
from collections.abc import Callable, Sequence
from datetime import date
from math import inf, isclose, log, sqrt
from statistics import median

import numpy as np
import pandas as pd
import pytest
from abspc import calculate_control_limits
from qikit.spc import qic
from qikit.spc.limits import funnel_dispersion

from nightrounds.control import phases
from nightrounds.funnel import ALARM, WARNING, Funnel, funnel, mouth, verdict, winsorised, z_score
from nightrounds.series import Gap, Point, charted
from nightrounds.spc import (
    D2,
    RuleSet,
    band,
    binomial_sigma,
    geometric,
    geometric_band,
    individuals,
    laney,
    signals,
    stretched,
    unstretched,
)

SERIES = [0.12, 0.15, 0.11, 0.18, 0.14, 0.16, 0.13, 0.19, 0.12, 0.15, 0.17, 0.14, 0.16]


def flat(values: list[float], centre: float = 0.0, sigma: float = 1.0) -> list[set[str]]:
    """Return the signals of values around one centre, without limits of what can be."""
    return signals(values, [band(centre, sigma, -inf, inf)] * len(values))


def test_individuals_agree_with_other_packages() -> None:
    centre, sigma = individuals(SERIES)
    theirs = calculate_control_limits(pd.DataFrame({"value": SERIES}), value_col="value", chart_type="xmr")
    assert isclose(centre, theirs["mean"].iloc[0], abs_tol=1e-9)
    assert isclose(centre + 3 * sigma, theirs["ucl"].iloc[0], rel_tol=1e-3)
    others = qic(list(range(len(SERIES))), SERIES, chart="i").data
    assert isclose(centre - 3 * sigma, others["lcl"].iloc[0], rel_tol=1e-3)


def test_a_published_individuals_chart() -> None:
    """Viscosity of primer paint: Montgomery, Introduction to Statistical Quality Control, example of the individuals chart."""
    viscosity = [33.75, 33.05, 34.0, 33.81, 33.46, 34.02, 33.68, 33.27, 33.49, 33.2, 33.62, 33.0, 33.54, 33.12, 33.84]
    centre, sigma = individuals(viscosity)
    assert round(centre, 2) == 33.52
    assert (round(centre - 3 * sigma, 2), round(centre + 3 * sigma, 2)) == (32.24, 34.8)


def test_a_published_p_chart() -> None:
    """Cans of frozen orange juice, 30 samples of 50: Montgomery, the same book, example of the p chart (also data of R's qcc)."""
    leaking = [12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6]
    centre, _ = laney(leaking, [50] * 30)
    limits = band(centre, binomial_sigma(centre, 50), 0, 1)
    assert (round(centre, 4), round(limits.lower, 4), round(limits.upper, 4)) == (0.2313, 0.0524, 0.4102)
    outside = [i + 1 for i, x in enumerate(leaking) if not limits.lower <= x / 50 <= limits.upper]
    assert outside == [15, 23]


def test_a_published_t_chart() -> None:
    """Hours between failures of a valve: Montgomery, the same book, example of time between events.

    He writes the exponent with four digits, and prints the first and the last transformed values that stand here.
    """
    hours = [286, 948, 536, 124, 816, 729, 4, 143, 431, 8, 2837, 596, 81, 227, 603, 492, 1199, 1214, 2831, 96]
    theirs = [h**0.2777 for h in hours]
    assert [round(x, 5) for x in (*theirs[:3], theirs[-1])] == [4.80986, 6.70903, 5.7265, 3.55203]
    ours = [stretched(h) for h in hours]
    assert ours == pytest.approx(theirs, rel=1e-3)
    centre, sigma = individuals(theirs)
    assert individuals(ours) == pytest.approx((centre, sigma), rel=1e-3)
    assert sigma * D2 == pytest.approx(2.3592, abs=1e-4)
    assert not any(centre - 3 * sigma > x or x > centre + 3 * sigma for x in theirs)


@pytest.mark.parametrize("seed", range(5))
def test_laney_agrees_with_another_package(seed: int) -> None:
    dice = random.Random(seed)
    denominators = [dice.randint(80, 900) for _ in range(24)]
    numerators = [sum(dice.random() < 0.1 + 0.05 * (i % 3) for _ in range(n)) for i, n in enumerate(denominators)]
    centre, width = laney(numerators, denominators)
    theirs = qic(list(range(24)), numerators, n=denominators, chart="pp").data
    ours = [centre + 3 * width * binomial_sigma(centre, n) for n in denominators]
    assert width >= 1
    assert theirs["ucl"].tolist() == pytest.approx(ours, rel=1e-3)


def test_a_series_closer_together_than_chance_keeps_the_limits_of_chance() -> None:
    assert laney([10] * 12, [100] * 12) == (0.1, 1.0)


def test_geometric_limits_agree_with_another_package() -> None:
    gaps = [12, 30, 7, 55, 18, 0, 41, 22, 9, 33, 27, 14]
    centre, sigma = geometric(gaps)
    theirs = calculate_control_limits(pd.DataFrame({"value": gaps}), value_col="value", chart_type="g")
    assert isclose(centre + 3 * sigma, theirs["ucl"].iloc[0])


@pytest.mark.parametrize(("mean", "share"), [(4.0, 0.9987), (30.0, 0.9987), (129.0, 0.9987)])
def test_geometric_limits_let_out_as_few_as_three_sigma(mean: float, share: float) -> None:
    """No more than 0.135 % lie above, and one less would let out more; as many lie below the centre as above."""
    limits, stays = geometric_band(mean), mean / (1 + mean)
    assert stays ** (limits.upper + 1) <= 1 - 0.99865 < stays**limits.upper
    assert 1 - stays ** (limits.upper + 1) == pytest.approx(share, abs=3e-4)
    assert limits.lower == 0
    assert stays ** (limits.centre + 0.5) == pytest.approx(0.5, abs=0.01)


def test_findings_one_after_the_other_have_no_width() -> None:
    assert vars(geometric_band(0.0)) == dict.fromkeys(("centre", "inner_lower", "inner_upper", "lower", "upper"), 0.0)


def test_waiting_times_agree_with_another_package() -> None:
    days = [3, 17, 40, 8, 22, 61, 5, 30, 12, 26, 9, 48]
    centre, sigma = individuals([stretched(d) for d in days])
    theirs = calculate_control_limits(pd.DataFrame({"value": days}), value_col="value", chart_type="t")
    assert isclose(unstretched(centre), theirs["mean"].iloc[0])
    assert isclose(unstretched(centre + 3 * sigma), theirs["ucl"].iloc[0], rel_tol=1e-6)
    assert isclose(unstretched(stretched(17)), 17)
    assert unstretched(-0.5) == 0


def test_limits_stay_where_values_can_be() -> None:
    assert band(0.02, 0.05, 0, 1).lower == 0
    assert band(0.98, 0.05, 0, 1).upper == 1


def test_one_value_has_no_spread() -> None:
    assert individuals([0.4]) == (0.4, 0.0)


def false_alarms(method: str, draw: Callable[[random.Random], tuple[Sequence[Point], Sequence[Gap]]], charts: int) -> float:
    """Return the share of in-control charts of 24 points, limits locked at 12, that signal at their last point."""
    dice = random.Random(20260630)
    found = [phases(method, charted(method, *draw(dice)), [], {}, "tonight")[0].signals[-1] for _ in range(charts)]
    return sum(map(bool, found)) / charts


def drawn_months(dice: random.Random) -> tuple[list[Point], list[Gap]]:
    sizes = [dice.randint(40, 80) for _ in range(24)]
    return [Point(date(2024, 1, 1), sum(dice.random() < 0.2 for _ in range(n)), n, "shown") for n in sizes], []


def drawn_gaps(rate: float) -> Callable[[random.Random], tuple[list[Point], list[Gap]]]:
    def draw(dice: random.Random) -> tuple[list[Point], list[Gap]]:
        waits = [int(log(1 - dice.random()) / log(1 - rate)) for _ in range(24)]
        return [], [(date(2024, 1, 1), units, round(dice.expovariate(1 / 30))) for units in waits]

    return draw


def test_charts_of_every_kind_seldom_alarm_without_cause() -> None:
    """In-control charts with limits from 12 points: p' alarms at 4 % of last points, nearly all of them shifts, and so does g.

    Around its mean and with limits at three sigma a g chart alarmed at 10 %. A t chart is an individuals chart and has its
    6 to 7 %, since moving ranges of 12 points tell sigma less well than a binomial does.
    """
    months = false_alarms("p'", drawn_months, 1500)
    assert 0.025 < months < 0.055
    for rate in (0.01, 0.1, 0.2):
        assert false_alarms("g", drawn_gaps(rate), 2000) < 0.06
    assert false_alarms("t", drawn_gaps(0.02), 2000) < 0.085


def test_nelsons_scale_has_its_mean_at_the_median() -> None:
    dice = random.Random(5)
    waits = [stretched(dice.expovariate(1 / 30)) for _ in range(40_000)]
    assert individuals(waits)[0] == pytest.approx(median(waits), rel=0.01)


@pytest.mark.parametrize(("value", "expected"), [(3.0, set()), (3.001, {"outside limits"}), (-3.001, {"outside limits"})])
def test_a_point_on_the_limit_is_inside(value: float, expected: set[str]) -> None:
    assert flat([value])[0] == expected


@pytest.mark.parametrize(("length", "is_shift"), [(6, False), (7, True), (8, True)])
def test_a_shift_is_seven_on_one_side(length: int, is_shift: bool) -> None:
    values = [-0.5, *[0.5, 0.6] * 4][: length + 1]
    found = flat(values)
    assert ["shift" in f for f in found] == [False] + [is_shift] * length


def test_a_point_on_the_centre_ends_a_shift() -> None:
    assert not any(flat([0.5, 0.6, 0.5, 0.6, 0.0, 0.5, 0.6, 0.5, 0.6, 0.5]))


@pytest.mark.parametrize(("length", "is_trend"), [(6, False), (7, True)])
def test_a_trend_is_seven_points_that_rise(length: int, is_trend: bool) -> None:
    values = [0.3, *[-0.9 + 0.25 * i for i in range(length)], -0.5]
    found = flat(values)
    assert ["trend" in f for f in found] == [False] + [is_trend] * length + [False]


def test_equal_neighbours_end_a_trend() -> None:
    assert not any("trend" in f for f in flat([-0.9, -0.6, -0.3, -0.3, 0.1, 0.4, 0.7, 0.9]))


def test_two_of_three_beyond_two_sigma_on_one_side() -> None:
    assert [f == {"two of three"} for f in flat([2.1, 0.0, 2.2, 0.0])] == [True, False, True, False]
    assert not any(flat([2.1, 0.0, -2.2]))
    assert not any(flat([2.0, 0.0, 2.0]))


def test_rules_are_named_with_their_lengths() -> None:
    assert RuleSet("ours", 2, 8, 6).label == "ours 2: outside limits; shift of 8; trend of 6; two of three"


def test_funnel_spread_agrees_with_another_package() -> None:
    dice = random.Random(7)
    sizes = [dice.randint(40, 600) for _ in range(40)]
    rates_of = [dice.choice((0.1, 0.25)) for _ in sizes]
    found = [sum(dice.random() < rate for _ in range(n)) for n, rate in zip(sizes, rates_of, strict=True)]
    shape = funnel(found, sizes)
    rates = np.array(found) / np.array(sizes)
    phi, _ = funnel_dispersion(shape.rate, rates, np.array(sizes), np.ones(40, dtype=bool), "binomial")
    assert isclose(shape.phi, phi, rel_tol=1e-9)
    assert shape.phi > 1 + 2 * sqrt(2 / 40)


def test_chance_alone_widens_nothing() -> None:
    dice = random.Random(3)
    sizes = [dice.randint(50, 400) for _ in range(50)]
    assert funnel([sum(dice.random() < 0.2 for _ in range(n)) for n in sizes], sizes).phi == 1


def test_limits_of_a_funnel_are_two_and_three_standard_errors_or_so() -> None:
    limits = mouth(Funnel(0.2, 1.0), 400)
    assert limits.warning_high == pytest.approx(0.2 + 1.95996 * 0.02, abs=1e-6)
    assert limits.alarm_low == pytest.approx(0.2 - 3.09023 * 0.02, abs=1e-6)
    assert mouth(Funnel(0.2, 4.0), 400).alarm_high == pytest.approx(0.2 + 2 * 3.09023 * 0.02, abs=1e-6)


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        (29, 29, "underpowered"),
        (30, 30, "alarm high"),
        (80, 400, "within"),
        (95, 400, "within"),
        (96, 400, "warning high"),
        (104, 400, "warning high"),
        (105, 400, "alarm high"),
        (64, 400, "warning low"),
        (55, 400, "alarm low"),
    ],
)
def test_a_facility_is_judged_by_where_it_lies(numerator: int, denominator: int, expected: str) -> None:
    assert verdict(Funnel(0.2, 1.0), numerator, denominator) == expected


@pytest.mark.parametrize(("rate", "least"), [(0.5, 30), (0.125, 40), (0.875, 40), (0.03125, 160)])
def test_five_findings_and_five_clear_units_must_be_expected(rate: float, least: int) -> None:
    """A facility without findings is no wonder where few are to be expected; nor is one with nothing else where few are clear."""
    shape = Funnel(rate, 1.0)
    for numerator in (0, round(least * rate), least - 1):
        assert verdict(shape, numerator, least - 1) == "underpowered"
        assert verdict(shape, numerator, least) != "underpowered"


def test_nobody_differs_where_everybody_or_nobody_has_a_finding() -> None:
    assert funnel([0, 0], [50, 60]) == Funnel(0.0, 1.0)
    assert verdict(Funnel(1.0, 1.0), 40, 40) == "underpowered"
    assert z_score(3, 10, 0.0) == 0


def test_outliers_are_pulled_in_to_the_deciles() -> None:
    assert winsorised([float(x) for x in range(11)]) == [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
    assert WARNING < ALARM
