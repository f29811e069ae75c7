"""Series: the months of a rule, or its findings one by one, as points; which kind of chart suits them, and when none does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import fmean, median

from nightrounds.spc import stretched

# Fewer points than this have no limits.
FEWEST = 3
# From so many judged units in a usual month on, binomial chance is worth knowing: p' instead of the plain moving range.
LARGE_DENOMINATOR = 50
# Denominators that stay within so much of their mean count as equal, so that one pair of limits does for all of them.
LEVEL = 0.25
# So many findings, and so many clear units, must be expected in a month before a rate is taken for nearly normal: the usual
# rule for the normal approximation of a binomial count.
LEAST_EXPECTED = 5.0
# Where fewer findings are expected than that, and the rate is lower than this, the way between findings says more than rates of
# months can (Anhoej, SPC for Healthcare, chapter on rare events; the g chart is for events of low probability, Benneyan 2001).
# The number is ours.
RARE_RATE = 0.2
# With a larger share of months hidden, those left over are no fair sample: it is the small counts that are missing.
MOST_HIDDEN = 1 / 3
RATES = ("xmr", "p'")
# A finding of a rare kind: its day, and the clear units and the days since the finding before it.
Gap = tuple[date, int, int]


@dataclass(frozen=True)
class Point:
    """One month, or one finding of a rare kind (numerator 1), with its value once that is known."""

    day: date
    numerator: int | None
    denominator: int | None
    status: str
    value: float | None = None

    @property
    def is_final(self) -> bool:
        """Whether limits may rest on it and signals be looked for."""
        return self.status == "shown"


def choose(months: Sequence[Point], gaps: Sequence[Gap]) -> str:
    """Return the kind of chart that suits a rule's months; `gaps` are the ways between its findings."""
    over = [p for p in months if p.status in ("shown", "nothing judged")]
    findings, judged = sum(p.numerator or 0 for p in over), sum(p.denominator or 0 for p in over)
    if gaps and 0 < findings < LEAST_EXPECTED * len(over) and (findings == judged or findings < RARE_RATE * judged):
        return "t" if findings == judged else "g"
    sizes = [p.denominator or 0 for p in over if p.is_final]
    return "p'" if sizes and (median(sizes) >= LARGE_DENOMINATOR or _vary(sizes)) else "xmr"


def _vary(sizes: Sequence[int]) -> bool:
    mean = fmean(sizes)
    return any(abs(size - mean) > LEVEL * mean for size in sizes)


def charted(method: str, months: Sequence[Point], gaps: Sequence[Gap]) -> list[Point]:
    """Return the points of a chart of a kind: months with their rate, or findings with the way from the one before."""
    if method in RATES:
        return [replace(p, value=p.numerator / p.denominator) if p.numerator is not None and p.denominator else p for p in months]
    return [Point(day, 1, None, "shown", stretched(days) if method == "t" else float(units)) for day, units, days in gaps]


def final_points(points: Sequence[Point]) -> list[Point]:
    """Return the points that limits may rest on."""
    return [p for p in points if p.is_final]


def too_little(method: str, points: Sequence[Point]) -> str | None:
    """Return why months cannot be judged although there are enough of them; None when they can."""
    told, hidden = final_points(points), sum(p.status == "hidden" for p in points)
    if method not in RATES or len(told) < FEWEST:
        return None
    if hidden > MOST_HIDDEN * (hidden + len(told)):
        return f"{hidden} of {hidden + len(told)} months are hidden, and the others are no fair sample."
    findings = fmean(p.numerator or 0 for p in told)
    clear = fmean((p.denominator or 0) - (p.numerator or 0) for p in told)
    if min(findings, clear) >= LEAST_EXPECTED:
        return None
    return f"{findings:.1f} findings and {clear:.1f} clear units in a month on average; {LEAST_EXPECTED:g} of each are needed."
