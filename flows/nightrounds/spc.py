"""Statistical process control: where a rate is expected, how far chance takes it from there, and which points are no chance.

Lists in, numbers out: nothing here knows of a rule, a month or a database. Rates are shares from 0 to 1. Limits lie three
sigma from the centre, those of a g chart where a normal distribution has three sigma. Sources: Shewhart's individuals chart
with the moving range (Wheeler, Understanding Variation, 1993); p' chart (Laney, Quality Engineering 2002;14:531); g chart
(Benneyan, Health Care Management Science 2001;4:305); t chart (Nelson, Journal of Quality Technology 1994;26:239).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, log, log1p, sqrt
from statistics import NormalDist, fmean

# Mean range of two values from a normal distribution, in sigmas.
D2 = 1.128
# The exponent that makes waiting times nearly normal, and back.
NELSON = 3.6


@dataclass(frozen=True)
class RuleSet:
    """What counts as a signal, by name and version, since authors differ in the lengths of a shift and of a trend."""

    name: str
    version: int
    shift: int
    trend: int

    @property
    def label(self) -> str:
        """Name, version and lengths, as printed under a chart."""
        return f"{self.name} {self.version}: outside limits; shift of {self.shift}; trend of {self.trend}; two of three"


# The rules that English hospitals know from Making Data Count. Version 2: a g chart is judged around its median.
RULE_SET = RuleSet("plot the dots", 2, shift=7, trend=7)


@dataclass(frozen=True)
class Band:
    """What is expected of one point: as many above its centre as below; two sigma away the inner limits, three the limits."""

    centre: float
    inner_lower: float
    inner_upper: float
    lower: float
    upper: float


def band(centre: float, sigma: float, least: float, most: float) -> Band:
    """Return the band three sigma wide on either side, cut where no value can be."""
    low, high = max(least, centre - 3 * sigma), min(most, centre + 3 * sigma)
    return Band(centre, centre - 2 * sigma, centre + 2 * sigma, low, high)


def moving_sigma(values: Sequence[float]) -> float:
    """Estimate sigma from the mean moving range of two; 0 for fewer than two values."""
    ranges = [abs(b - a) for a, b in pairwise(values)]
    return fmean(ranges) / D2 if ranges else 0.0


def individuals(values: Sequence[float]) -> tuple[float, float]:
    """Return centre and sigma of an XmR chart."""
    return fmean(values), moving_sigma(values)


def laney(numerators: Sequence[int], denominators: Sequence[int]) -> tuple[float, float]:
    """Return the centre of a p' chart and sigma z: how much wider than binomial chance the points are spread.

    Never below 1: a few months that happen to lie close together are no reason to alarm at less than chance.
    """
    centre = sum(numerators) / sum(denominators)
    chances = [binomial_sigma(centre, n) for n in denominators]
    scores = [(x / n - centre) / s if s else 0.0 for x, n, s in zip(numerators, denominators, chances, strict=True)]
    return centre, max(1.0, moving_sigma(scores))


def binomial_sigma(rate: float, denominator: int) -> float:
    """Return the standard error of a share of so many."""
    return sqrt(rate * (1 - rate) / denominator)


def geometric(gaps: Sequence[int]) -> tuple[float, float]:
    """Return centre and sigma of a g chart of the units without an event between two events."""
    centre = fmean(gaps)
    return centre, sqrt(centre * (centre + 1))


def geometric_band(mean: float) -> Band:
    """Return the band of a g chart around the median, with limits as seldom passed as those of a normal distribution.

    Three sigma above the mean would let out e^-4, one in-control point of fifty, and most points lie below the mean: shifts
    would be seen where there are none. The documentation of R's qcc advises probability limits for the same reason.
    """
    # The median of waiting for what is as likely in a continuous world, so that no count can lie on it for ever.
    centre = max(0.0, (mean + 0.5) * log(2) - 0.5)
    return Band(centre, *(_geometric_quantile(mean, NormalDist().cdf(sigmas)) for sigmas in (-2, 2, -3, 3)))


def _geometric_quantile(mean: float, share: float) -> float:
    """Return the least count that is not passed by so large a share."""
    return max(0.0, ceil(log1p(-share) / log(mean / (1 + mean)) - 1)) if mean > 0 else 0.0


def stretched(days: float) -> float:
    """Return a waiting time on the scale on which it is nearly normal, so that an individuals chart of it is a t chart.

    There the mean of exponential waits is their median to a quarter of a per cent: gamma(1 + 1/3.6) to ln(2)^(1/3.6).
    """
    return float(days ** (1 / NELSON))


def unstretched(value: float) -> float:
    """Return a value of Nelson's scale in days."""
    return float(max(value, 0.0) ** NELSON)


def signals(values: Sequence[float], bands: Sequence[Band], rules: RuleSet = RULE_SET) -> list[set[str]]:
    """Return for every point the rules that it breaks. Values and bands run in time's order, without points left out."""
    found: list[set[str]] = [set() for _ in values]
    sides = [(v > b.centre) - (v < b.centre) for v, b in zip(values, bands, strict=True)]
    steps = [0, *((b > a) - (b < a) for a, b in pairwise(values))]
    far = [(v > b.inner_upper) - (v < b.inner_lower) for v, b in zip(values, bands, strict=True)]
    for i, (value, limits) in enumerate(zip(values, bands, strict=True)):
        if value < limits.lower or value > limits.upper:
            found[i].add("outside limits")
    _mark_runs(found, sides, rules.shift, "shift")
    _mark_runs(found, steps, rules.trend - 1, "trend", before=1)
    for end in range(2, len(values)):
        three = range(end - 2, end + 1)
        for side in (1, -1):
            beyond = [i for i in three if far[i] == side]
            if len(beyond) >= 2:
                for i in beyond:
                    found[i].add("two of three")
    return found


def _mark_runs(found: list[set[str]], signs: Sequence[int], length: int, name: str, before: int = 0) -> None:
    """Mark every run of one sign (a zero ends it) that is long enough, and so many points before it."""
    start = 0
    for i in range(1, len(signs) + 1):
        if i < len(signs) and signs[i] == signs[start]:
            continue
        if signs[start] and i - start >= length:
            for place in range(max(start - before, 0), i):
                found[place].add(name)
        start = i
