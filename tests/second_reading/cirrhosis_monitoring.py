"""cirrhosis_monitoring: creatinine, sodium and potassium in the month after a diuretic or baclofen was started."""

from second_reading.catalogue import CIRRHOSIS_CODES, DIURETICS
from second_reading.chart import Chart, Day
from second_reading.courses import NEW_DAYS, Course, courses, seen_by, supplies
from second_reading.kidneys import usable
from second_reading.verdicts import Verdict

NEEDS = {"patients", "prescriptions", "labs", "diagnoses"}
LAST_DAY = 30


def judge(chart: Chart, horizon: Day) -> list[Verdict]:
    """Starts in cirrhosis, which was coded by the end of the first month."""
    seen = chart.until(horizon)
    begun = [c for c in [*courses(chart, DIURETICS), *courses(chart, {"baclofen"}, "oral")] if c.start <= horizon]
    ill = [c for c in begun if any(day <= c.start + LAST_DAY for day in seen.coded(CIRRHOSIS_CODES))]
    return [judge_course(seen, course, horizon) for course in ill if not is_continued(chart, course)]


def judge_course(seen: Chart, course: Course, horizon: Day) -> Verdict:
    if seen.death is not None and seen.death <= course.start + LAST_DAY:
        return Verdict(course.name, course.start, "excluded")
    if not seen_by(seen, course.start - NEW_DAYS):
        return Verdict(course.name, course.start, "not_evaluable")
    if not missing(seen, course.start):
        return Verdict(course.name, course.start, "clear")
    if horizon < course.start + LAST_DAY:
        return Verdict(course.name, course.start, "pending")
    return Verdict(course.name, course.start, "finding", "moderate")


def is_continued(chart: Chart, course: Course) -> bool:
    """Whether the same ingredient, by whatever route, was taken in the 180 days before."""
    same = [s for s in supplies(chart) if s.drug.ingredient == course.drug.ingredient]
    return any(s.overlaps(course.start - NEW_DAYS, course.start - 1) for s in same)


def missing(seen: Chart, start: Day) -> set[str]:
    """Which of the three tests have no result on days 1 to 30; an eGFR stands for a creatinine."""
    days = range(start + 1, start + LAST_DAY + 1)
    done = {"creatinine" if lab.analyte == "egfr" else lab.analyte for lab in seen.labs if lab.day in days and usable(lab)}
    return {"creatinine", "sodium", "potassium"} - done
