"""baclofen_starting_dose: the dose with which a new course of baclofen for cramps begins, from 18 to 64 years."""

from second_reading.chart import Chart, Day
from second_reading.courses import Course, courses, newness
from second_reading.doses import Step, as_needed_on, fixed_part, steps
from second_reading.evidence import has_spasticity
from second_reading.verdicts import Verdict

NEEDS = {"patients", "prescriptions"}
START_MG, HIGH_MG, HELD_DAYS = 10, 30, 3


def judge(chart: Chart, horizon: Day) -> list[Verdict]:
    if has_spasticity(chart.until(horizon)):
        return []
    begun = [c for c in courses(chart, {"baclofen"}, "oral") if c.start <= horizon and 18 <= chart.age_on(c.start) < 65]
    return [judge_course(chart, course, horizon) for course in begun if newness(chart, course) != "not new"]


def judge_course(chart: Chart, course: Course, horizon: Day) -> Verdict:
    seen = steps(course, horizon)
    held = next((step for step in seen if min(step.end, horizon) - step.start + 1 >= HELD_DAYS), None)
    if newness(chart, course) == "unknown":
        return Verdict(course.name, held.start if held else course.start, "not_evaluable")
    if held is not None:
        return judge_step(course, held)
    if horizon < course.end:
        return Verdict(course.name, course.start, "pending")
    unknown = any(step.dose is None for step in seen)
    return Verdict(course.name, course.start, "not_evaluable" if unknown else "clear")


def judge_step(course: Course, held: Step) -> Verdict:
    if held.dose is None:
        return Verdict(course.name, held.start, "not_evaluable")
    if held.dose <= START_MG:
        return Verdict(course.name, held.start, "clear")
    fixed = not all(as_needed_on(course, day) for day in range(held.start, held.end + 1))
    is_high = held.dose > HIGH_MG and (fixed or (fixed_part(course, held) or 0) > HIGH_MG)
    return Verdict(course.name, held.start, "finding", "high" if is_high else "moderate")
