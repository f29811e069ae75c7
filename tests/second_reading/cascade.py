"""cramp_prescribing_cascade: a cramp drug started while a drug that causes cramps is taken."""

from second_reading.catalogue import CRAMP_CAUSES, LOW_MAGNESIUM_CODES
from second_reading.chart import Chart, Day
from second_reading.courses import Course, courses, newness
from second_reading.evidence import has_spasticity
from second_reading.verdicts import Verdict

NEEDS = {"patients", "prescriptions"}
WINDOW_DAYS = 90


def judge(chart: Chart, horizon: Day) -> list[Verdict]:
    return [judge_course(chart, c, horizon) for c in courses(chart, CRAMP_CAUSES) if c.start <= horizon]


def judge_course(chart: Chart, cause: Course, horizon: Day) -> Verdict:
    last = min(cause.start + WINDOW_DAYS, cause.end)
    starts = [
        c for c in cramp_drugs(chart) if cause.start < c.start <= min(last, horizon) and not explained(chart.until(horizon), c)
    ]
    new = [c for c in starts if newness(chart, c) == "new"]
    if new:
        severity = "high" if any(c.drug.ingredient == "quinine" for c in new) else "moderate"
        return Verdict(cause.name, new[0].start, "finding", severity)
    if horizon < last:
        return Verdict(cause.name, cause.start, "pending")
    doubtful = any(newness(chart, c) == "unknown" for c in starts)
    return Verdict(cause.name, cause.start, "not_evaluable" if doubtful else "clear")


def cramp_drugs(chart: Chart) -> list[Course]:
    """Quinine, oral magnesium supplements, oral baclofen and cyclobenzaprine, by start."""
    found = courses(chart, {"quinine", "magnesium", "baclofen", "cyclobenzaprine"}, "oral")
    return [c for c in found if c.drug.product_class in {"", "supplement"}]


def explained(seen: Chart, course: Course) -> bool:
    """Baclofen for spasticity; magnesium for a low magnesium, coded by the end of its course or as its indication."""
    if course.drug.ingredient == "baclofen":
        return has_spasticity(seen)
    if course.drug.ingredient != "magnesium":
        return False
    coded = any(day <= course.end for day in seen.coded(LOW_MAGNESIUM_CODES))
    return coded or any(s.order is not None and s.order.indication in LOW_MAGNESIUM_CODES for s in course.supplies)
