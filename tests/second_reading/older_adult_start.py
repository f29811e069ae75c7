"""baclofen_older_adult_start: the dose with which a new course of baclofen begins at 65 or later."""

from second_reading.catalogue import CNS_ACTIVE, STAGES
from second_reading.chart import Chart, Day, Order
from second_reading.courses import Course, courses, newness
from second_reading.doses import daily_dose, taken_on
from second_reading.evidence import fell, has_dementia
from second_reading.kidneys import egfr_of_day, egfr_on, egfr_or_stage_on, on_dialysis
from second_reading.verdicts import SEVERITIES, Verdict, worst

NEEDS = {"patients", "prescriptions"}
TOTAL_MG, SINGLE_MG, OLD_AGE, LOW_EGFR = 15, 5, 65, 60
UNKNOWN, CLEAR = "not_evaluable", "clear"


def judge(chart: Chart, horizon: Day) -> list[Verdict]:
    begun = [c for c in courses(chart, {"baclofen"}, "oral") if c.start <= horizon and chart.age_on(c.start) >= OLD_AGE]
    units = [c for c in begun if newness(chart, c) != "not new"]
    return [judge_course(chart, chart.until(horizon), course, horizon) for course in units]


def judge_course(chart: Chart, seen: Chart, course: Course, horizon: Day) -> Verdict:
    orders = [s.order for s in taken_on(course, course.start) if s.order is not None]
    answer = UNKNOWN if newness(chart, course) == "unknown" else judge_dose(orders)
    if answer in {UNKNOWN, CLEAR}:
        return Verdict(course.name, course.start, answer)
    fixed = judge_dose([order for order in orders if not order.as_needed])
    rests_on_as_needed = fixed in {UNKNOWN, CLEAR}
    severity = "moderate" if rests_on_as_needed else fixed
    if not rests_on_as_needed and is_at_risk(seen, course.start, min(course.end, horizon)):
        severity = SEVERITIES[SEVERITIES.index(severity) + 1]
    return Verdict(course.name, course.start, "finding", worst([severity, "moderate"]))


def judge_dose(orders: list[Order]) -> str:
    """The severity of a first day, or that it is clear or not known."""
    doses = [daily_dose(order) for order in orders]
    if sum(dose for dose in doses if dose is not None) > TOTAL_MG:
        return "high"
    singles = [order.tablets * order.drug.strength_mg for order in orders if order.tablets is not None]
    if max(singles, default=0) > SINGLE_MG:
        return "moderate"
    return UNKNOWN if None in doses else CLEAR


def is_at_risk(seen: Chart, start: Day, last: Day) -> bool:
    """A fall, dementia, poor kidneys, or two other CNS-active drugs on one day of the course."""
    return (
        fell(seen, start, last)
        or has_dementia(seen, last)
        or any(has_poor_kidneys(seen, start, day) for day in range(start, last + 1))
        or any(len(cns_active_on(seen, day)) >= 2 for day in range(start, last + 1))
    )


def has_poor_kidneys(seen: Chart, start: Day, day: Day) -> bool:
    """Dialysis, or a low eGFR that was the latest at the start or is of that day; a stage where there is no eGFR."""
    if on_dialysis(seen, day):
        return True
    if day == start:
        found = egfr_or_stage_on(seen, day)
    else:
        staged = [STAGES[d.code] for d in seen.diagnoses if d.code in STAGES and d.day == day and egfr_on(seen, day) is None]
        found = min((value for value in [egfr_of_day(seen, day), *staged] if value is not None), default=None)
    return found is not None and found < LOW_EGFR


def cns_active_on(seen: Chart, day: Day) -> set[str]:
    return {c.drug.ingredient for c in courses(seen, CNS_ACTIVE) if c.start <= day <= c.end}
