"""magnesium_renal_function_unknown: four weeks of magnesium or more, and nobody has looked at the kidneys."""

from second_reading.catalogue import DIABETES_CODES, HEART_FAILURE_CODES, KIDNEY_DISEASE_CODES
from second_reading.chart import Chart, Day
from second_reading.courses import Course, courses
from second_reading.kidneys import on_dialysis, usable
from second_reading.magnesium_renal import CLASSES
from second_reading.verdicts import Verdict

NEEDS = {"patients", "prescriptions", "labs"}
MIN_DAYS, DAYS_BEFORE, DAYS_AFTER, OLD_AGE = 28, 365, 30, 75


def judge(chart: Chart, horizon: Day) -> list[Verdict]:
    taken = [c for c in courses(chart, {"magnesium"}, "oral") if c.drug.product_class in CLASSES]
    units = [c for c in taken if c.length >= MIN_DAYS and c.start <= horizon]
    return [judge_course(chart.until(horizon), course, horizon) for course in units]


def judge_course(seen: Chart, course: Course, horizon: Day) -> Verdict:
    last = course.start + DAYS_AFTER
    if is_looked_at(seen, course.start, min(last, horizon)):
        return Verdict(course.name, course.start, "clear")
    if horizon < last:
        return Verdict(course.name, course.start, "pending")
    return Verdict(course.name, course.start, "finding", "high" if is_at_risk(seen, course) else "moderate")


def is_looked_at(seen: Chart, start: Day, last: Day) -> bool:
    """A creatinine or eGFR in the window, or dialysis, whose patients are known."""
    results = [lab.day for lab in seen.labs if lab.analyte in {"egfr", "creatinine"} and usable(lab)]
    known = any(start - DAYS_BEFORE <= day <= last for day in results)
    return known or any(on_dialysis(seen, day) for day in range(start, last + 1))


def is_at_risk(seen: Chart, course: Course) -> bool:
    """Age, or a disease on record by the end of the course that was not over before its start."""
    codes = DIABETES_CODES | HEART_FAILURE_CODES | KIDNEY_DISEASE_CODES
    ill = [d for d in seen.diagnoses if d.code in codes and d.day <= course.end]
    return seen.age_on(course.start) >= OLD_AGE or any(d.resolved is None or d.resolved >= course.start for d in ill)
