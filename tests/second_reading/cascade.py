"""cramp_prescribing_cascade: a cramp drug started while a drug that causes cramps is taken."""

from second_reading.catalogue import LOW_MAGNESIUM_CODES
from second_reading.chart import Chart, Day, Order
from second_reading.courses import UNKNOWN_ROUTE, Course, courses, newness
from second_reading.cramp_after import causes
from second_reading.evidence import has_spasticity
from second_reading.verdicts import Verdict

NEEDS = {"patients", "prescriptions"}
WINDOW_DAYS = 90


def judge(chart: Chart, horizon: Day) -> list[Verdict]:
    return [judge_course(chart, c, horizon) for c in causes(chart) if c.start <= horizon]


def judge_course(chart: Chart, cause: Course, horizon: Day) -> Verdict:
    last = min(cause.start + WINDOW_DAYS, cause.end)
    starts = [
        c for c in cramp_drugs(chart) if cause.start < c.start <= min(last, horizon) and not explained(chart.until(horizon), c)
    ]
    new = [c for c in starts if start_of(chart, c) == "new"]
    if new:
        severity = "high" if any(c.drug.ingredient == "quinine" for c in new) else "moderate"
        return Verdict(cause.name, new[0].start, "finding", severity)
    if horizon < last:
        return Verdict(cause.name, cause.start, "pending")
    doubtful = any(start_of(chart, c) == "unknown" for c in starts)
    return Verdict(cause.name, cause.start, "not_evaluable" if doubtful else "clear")


def cramp_drugs(chart: Chart) -> list[Course]:
    """Quinine, magnesium supplements, baclofen and cyclobenzaprine, by mouth or by a route that nobody recorded, by start."""
    found = courses(chart, {"quinine", "magnesium", "baclofen", "cyclobenzaprine"})
    return [c for c in found if c.drug.route in {"oral", UNKNOWN_ROUTE} and c.drug.product_class in {"", "supplement"}]


def start_of(chart: Chart, course: Course) -> str:
    """`new`, `not new` or `unknown`. Baclofen without a recorded route may be a pump's."""
    known = newness(chart, course)
    may_be_pump = course.drug.ingredient == "baclofen" and course.drug.route == UNKNOWN_ROUTE
    return "unknown" if known == "new" and may_be_pump else known


def explained(seen: Chart, course: Course) -> bool:
    """Baclofen for spasticity; magnesium for a low magnesium, coded by the end of its course or as its indication."""
    if course.drug.ingredient == "baclofen":
        return has_spasticity(seen)
    if course.drug.ingredient != "magnesium":
        return False
    coded = any(day <= course.end for day in seen.coded(LOW_MAGNESIUM_CODES))
    return coded or any(order in seen.orders and order.indication in LOW_MAGNESIUM_CODES for order in ordered(course))


def ordered(course: Course) -> list[Order]:
    return [s.order for s in course.supplies if s.order is not None]
