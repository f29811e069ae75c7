"""baclofen_titration_speed: how fast the dose of baclofen for cramps is raised."""

from dataclasses import dataclass
from itertools import pairwise

from second_reading.chart import Chart, Day
from second_reading.courses import Course, courses
from second_reading.doses import Step, steps
from second_reading.evidence import has_spasticity
from second_reading.verdicts import Verdict

NEEDS = {"patients", "prescriptions"}
STEP_MG, STEP_DAYS = 10, 7


@dataclass(frozen=True)
class Rise:
    """A step up; `seen` unless the dose was unknown in between."""

    day: Day
    by: float
    seen: bool


def judge(chart: Chart, horizon: Day) -> list[Verdict]:
    if has_spasticity(chart.until(horizon)):
        return []
    return [verdict for course in courses(chart, {"baclofen"}, "oral") for verdict in judge_course(course, horizon)]


def judge_course(course: Course, horizon: Day) -> list[Verdict]:
    """No unit without a rise. Too fast at once; else a second rise may still come, or be hidden by a dose that is not known."""
    seen = steps(course, horizon)
    rises = rises_of(seen)
    if not rises:
        return []
    fast = first_fast_day([rise for rise in rises if rise.seen])
    if fast is not None:
        return [Verdict(course.name, fast, "finding", "moderate")]
    unknown = any(step.dose is None for step in seen)
    late = "not_evaluable" if unknown else "clear"
    return [Verdict(course.name, rises[0].day, "pending" if horizon < rises[-1].day + STEP_DAYS - 1 else late)]


def rises_of(all_steps: list[Step]) -> list[Rise]:
    """Each known dose that is above the known one before it."""
    known = [(step, step.dose) for step in all_steps if step.dose is not None]
    return [
        Rise(after.start, higher - lower, seen=before.end + 1 == after.start)
        for (before, lower), (after, higher) in pairwise(known)
        if higher > lower
    ]


def first_fast_day(rises: list[Rise]) -> Day | None:
    """The first day on which the dose had risen by more than 10 mg, at once or in rises less than 7 days apart."""
    for number, rise in enumerate(rises):
        week = [other.by for other in rises[: number + 1] if rise.day - other.day < STEP_DAYS]
        if sum(week) > STEP_MG:
            return rise.day
    return None
