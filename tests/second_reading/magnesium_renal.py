"""magnesium_renal_insufficiency: oral magnesium, judged at its start and at every renal result during it."""

from dataclasses import dataclass

from second_reading.catalogue import STAGES
from second_reading.chart import Chart, Day
from second_reading.courses import Course, Supply, courses, supplies
from second_reading.doses import elemental_on
from second_reading.kidneys import egfr_of_day, egfr_or_stage_on, on_dialysis
from second_reading.verdicts import SEVERITIES, Verdict

NEEDS = {"patients", "prescriptions", "labs"}
CLASSES = {"supplement", "laxative_antacid"}
BANDS = ((15, "critical"), (30, "high"), (45, "moderate"), (60, "info"))


@dataclass(frozen=True)
class Judgement:
    """What holds from one day to the day before the next judgement. `band` is that of the kidneys, None when clear."""

    day: Day
    band: str | None
    severity: str | None

    @property
    def rank(self) -> tuple[int, int]:
        return (-1, -1) if self.band is None else (SEVERITIES.index(self.band), SEVERITIES.index(self.severity or ""))


def judge(chart: Chart, horizon: Day) -> list[Verdict]:
    taken = [c for c in courses(chart, {"magnesium"}, "oral") if c.drug.product_class in CLASSES and c.start <= horizon]
    return [judge_course(chart.until(horizon), course, horizon) for course in taken]


def judge_course(seen: Chart, course: Course, horizon: Day) -> Verdict:
    judged = judgements(seen, course, min(course.end, horizon))
    if not judged:
        return Verdict(course.name, course.start, "not_evaluable")
    found = max(judged, key=lambda j: (j.rank, -j.day))
    if found.band is None:
        return Verdict(course.name, course.start, "clear")
    return Verdict(course.name, found.day, "finding", found.severity)


def judgements(seen: Chart, course: Course, last: Day) -> list[Judgement]:
    """One judgement for each day on which something is known of the kidneys."""
    days = days_to_judge(seen, course, last)
    found = []
    for day, following in zip(days, [*days[1:], last + 1], strict=True):
        egfr = 0.0 if on_dialysis(seen, day) else egfr_or_stage_on(seen, day)
        if egfr is None:
            continue
        band = next((severity for limit, severity in BANDS if egfr < limit), None)
        raised = band == "moderate" and is_raised(seen, course, day, following - 1)
        found.append(Judgement(day, band, "high" if raised else band))
    return found


def days_to_judge(seen: Chart, course: Course, last: Day) -> list[Day]:
    """The start, and every day of a renal result, of a staging code, or on which dialysis begins."""
    days = {course.start}
    days |= {lab.day for lab in seen.labs if egfr_of_day(seen, lab.day) is not None}
    days |= {d.day for d in seen.diagnoses if d.code in STAGES}
    days |= {d for d in range(course.start + 1, last + 1) if on_dialysis(seen, d) and not on_dialysis(seen, d - 1)}
    return sorted(d for d in days if course.start <= d <= last)


def is_raised(seen: Chart, course: Course, first: Day, last: Day) -> bool:
    """What makes 30-44 high, on any day for which it holds."""
    if course.length > 90:
        return True
    old = seen.age_on(first) >= 65
    return any(
        (old and (elemental_on(course, day) or 0) >= 300) or two_products(seen, course, day) for day in range(first, last + 1)
    )


def two_products(seen: Chart, course: Course, day: Day) -> bool:
    """Two salts, or a supplement and a laxative, on one day."""
    others = [s for s in supplies(seen) if s.drug.ingredient == "magnesium" and s.drug.product_class in CLASSES and s.covers(day)]
    return any(product(own) != product(other) for own in course.supplies if own.covers(day) for other in others)


def product(supply: Supply) -> tuple[str, str]:
    return supply.drug.salt, supply.drug.product_class
