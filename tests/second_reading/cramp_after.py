"""cramp_after_causing_drug: the first cramp on record soon after a drug that causes them was started."""

from second_reading.catalogue import CRAMP_CAUSES
from second_reading.chart import Chart, Day
from second_reading.courses import Course, courses
from second_reading.evidence import cramp_days
from second_reading.verdicts import Verdict

NEEDS = {"patients", "prescriptions", "diagnoses"}
WINDOW_DAYS, DOSE_WINDOW_DAYS, CRAMP_FREE_DAYS = 90, 7, 365


def judge(chart: Chart, horizon: Day) -> list[Verdict]:
    return [judge_course(chart.until(horizon), c, horizon) for c in causes(chart) if c.start <= horizon]


def causes(chart: Chart) -> list[Course]:
    """The courses of the five drugs: estrogens by mouth, naproxen that is not put on the skin."""
    found = [c for c in courses(chart, CRAMP_CAUSES) if c.drug.ingredient != "conjugated estrogens" or c.drug.route == "oral"]
    return [c for c in found if c.drug.ingredient != "naproxen" or c.drug.route != "topical"]


def judge_course(seen: Chart, course: Course, horizon: Day) -> Verdict:
    window = days_that_count(course, horizon)
    found = next((day for day in first_cramps(seen) if day in window), None)
    if found is not None:
        return Verdict(course.name, found, "finding", "low")
    return Verdict(course.name, course.start, "pending" if horizon < last_day_to_wait_for(course, window) else "clear")


def days_that_count(course: Course, horizon: Day) -> set[Day]:
    """The days after the start while the course lasts, up to day 90; for iron the week after each dose."""
    if course.drug.ingredient != "iron sucrose":
        return set(range(course.start + 1, min(course.start + WINDOW_DAYS, course.end) + 1))
    days = {day for dose in dose_days(course) if dose <= horizon for day in range(dose, dose + DOSE_WINDOW_DAYS + 1)}
    return {day for day in days if day > course.start}


def last_day_to_wait_for(course: Course, window: set[Day]) -> Day:
    """The last day that counts; iron that was ordered and is first given after the horizon has its window still before it."""
    return max(
        window, default=dose_days(course)[0] + DOSE_WINDOW_DAYS if course.drug.ingredient == "iron sucrose" else course.end
    )


def dose_days(course: Course) -> list[Day]:
    """The days on which it was given; where none is recorded, those on which it was ordered."""
    given = [s.start for s in course.supplies if s.order is None]
    return given or [s.start for s in course.supplies]


def first_cramps(seen: Chart) -> list[Day]:
    """Days with cramp evidence and none in the year before."""
    days = cramp_days(seen)
    return [day for day in days if not any(day - CRAMP_FREE_DAYS <= other < day for other in days)]
