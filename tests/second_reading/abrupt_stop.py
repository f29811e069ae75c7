"""baclofen_abrupt_stop: baclofen that ends, or is cut, after prolonged use."""

from dataclasses import dataclass, replace
from statistics import mean, median

from second_reading.catalogue import PUMP_PROCEDURES, TAPER_SIG, WITHDRAWAL_CODES
from second_reading.chart import Chart, Day
from second_reading.courses import Course, courses, supplies
from second_reading.doses import Step, dose_on, fixed_part, steps
from second_reading.evidence import hospice_from
from second_reading.verdicts import Verdict, at_most, worst

NEEDS = {"patients", "prescriptions"}
PROLONGED, LOWEST_MG = 60, 10
FOR_EVER = 10**7


@dataclass(frozen=True)
class Cut:
    """A step down to half or less, seen from the highest dose that was left in the week before."""

    day: Day
    before: float
    after: float

    @property
    def is_abrupt(self) -> bool:
        return self.before - self.after > 10 and self.after >= LOWEST_MG


def judge(chart: Chart, horizon: Day) -> list[Verdict]:
    return [verdict for c in courses(chart, {"baclofen"}, "oral") for verdict in judge_course(chart.until(horizon), c, horizon)]


def judge_course(chart: Chart, course: Course, horizon: Day) -> list[Verdict]:
    """No unit, or one, which is excluded when all of it was taken as needed."""
    ended = course.end < horizon
    cuts = cuts_of(steps(course, horizon))
    if min(course.end, horizon) - course.start + 1 < PROLONGED or not (ended or cuts):
        return []
    verdict = judge_end_and_cuts(chart, course, cuts, horizon)
    return [replace(verdict, outcome="excluded", severity=None) if course.as_needed_only else verdict]


def judge_end_and_cuts(chart: Chart, course: Course, cuts: list[Cut], horizon: Day) -> Verdict:
    """The worse of what is found at the end and at the cuts."""
    end = judge_end(chart, course, horizon) if course.end < horizon else None
    abrupt = [cut for cut in cuts if cut.is_abrupt]
    standing = [cut for cut in abrupt if not is_excused(chart, cut.day)]
    if end is not None and end.outcome == "finding":
        severity = worst([end.severity or "", *(["moderate"] if standing else [])])
        return Verdict(course.name, course.end, "finding", severity)
    if standing:
        return Verdict(course.name, standing[0].day, "finding", "moderate")
    if end is not None:
        return end
    if abrupt:
        return Verdict(course.name, abrupt[0].day, "excluded")
    unknown = any(step.dose is None for step in steps(course, horizon))
    return Verdict(course.name, cuts[0].day, "not_evaluable" if unknown else "clear")


def cuts_of(all_steps: list[Step]) -> list[Cut]:
    """Every step down to half or less of a dose that was left at most seven days before it; a dose raised again is none."""
    found = []
    for number, step in enumerate(all_steps):
        before = [s for s in all_steps[:number] if s.dose is not None]
        left = [s.dose for s in before if s.dose is not None and step.start - (s.end + 1) <= 7]
        if step.dose is not None and left and step.dose <= max(left) * 0.5 and lower(step.dose, before[-1].dose):
            found.append(Cut(step.start, max(left), step.dose))
    return found


def judge_end(chart: Chart, course: Course, horizon: Day) -> Verdict:
    """What can be said of the end alone."""
    end = course.end
    if is_excused(chart, end):
        return Verdict(course.name, end, "excluded")
    if horizon < end + (7 if course.explicit_stop else 30 + 14):
        return Verdict(course.name, end, "pending")
    severity = severity_of_end(chart, course)
    if severity:
        return Verdict(course.name, end, "finding", severity)
    unknown = [step for step in steps(course, end) if step.dose is None]
    hidden = [step for step in unknown if not (has_taper_wording(course) and step.end >= end - 28)]
    return Verdict(course.name, end, "not_evaluable" if hidden else "clear")


def severity_of_end(chart: Chart, course: Course) -> str | None:
    """The severity of an abrupt end or a short taper; None when there was neither, or it cannot be told."""
    end = course.end
    usual = [dose_on(course, d) for d in plateau_days(course)]
    last = [dose_on(course, d) for d in range(end - 13, end + 1)]
    before, after = known(usual), known(last)
    if before is None or after is None or median(before) < LOWEST_MG or is_tapered(course):
        return None
    share = mean(after) / median(before)
    if share <= 0.5:
        return None
    if share < 0.75:
        return "low"
    if shows_withdrawal(chart, end):
        return "critical"
    severity = severity_of_abrupt_end(course, median(before))
    if is_partly_as_needed(course) and severity_of_the_fixed_part(course) != "high":
        return at_most(severity, "moderate")
    return severity


def severity_of_the_fixed_part(course: Course) -> str | None:
    """What the end would be without what was taken as needed; None when it would not be abrupt."""
    usual = [fixed for day in plateau_days(course) if (fixed := fixed_through(course, day)) is not None]
    last = [fixed for day in range(course.end - 13, course.end + 1) if (fixed := fixed_through(course, day)) is not None]
    if not usual or not last or median(usual) < LOWEST_MG or mean(last) < median(usual) * 0.75:
        return None
    return severity_of_abrupt_end(course, median(usual))


def fixed_through(course: Course, day: Day) -> float | None:
    """The fixed part of the dose step in which a day lies."""
    return next(fixed_part(course, step) for step in steps(course, course.end) if step.start <= day <= step.end)


def severity_of_abrupt_end(course: Course, plateau: float) -> str:
    if plateau == LOWEST_MG:
        return "low"
    return "high" if course.explicit_stop or plateau >= 30 or course.length >= 180 else "moderate"


def known(doses: list[float | None]) -> list[float] | None:
    """The doses, if there are any and all of them are known."""
    found = [dose for dose in doses if dose is not None]
    return found if found and len(found) == len(doses) else None


def plateau_days(course: Course) -> range:
    """E-60 to E-15; of a course of 60 days or less all but the last 14."""
    return range(course.end - 60, course.end - 14) if course.length > 60 else range(course.start, course.end - 13)


def is_partly_as_needed(course: Course) -> bool:
    """Whether a supply that is taken as needed reaches into the last 60 days."""
    return any(s.order is not None and s.order.as_needed and s.end >= course.end - 60 for s in course.supplies)


def is_tapered(course: Course) -> bool:
    """Two or more steps down in E-28 to E, or taper wording."""
    window = range(course.end - 28, course.end + 1)
    down = [day for day in window if day > course.start and lower(dose_on(course, day), dose_on(course, day - 1))]
    return len(down) >= 2 or has_taper_wording(course)


def lower(dose: float | None, before: float | None) -> bool:
    return dose is not None and before is not None and dose < before


def has_taper_wording(course: Course) -> bool:
    """Taper wording in a sig whose supply reaches into the last four weeks."""
    return any(s.order is not None and s.order.sig == TAPER_SIG and s.end >= course.end - 28 for s in course.supplies)


def is_excused(chart: Chart, day: Day) -> bool:
    """Death or hospice care within a week, baclofen in hospital, or a switch to intrathecal baclofen within 30 days."""
    hospice = hospice_from(chart)
    died = chart.death is not None and chart.death <= day + 7
    return (
        died or (hospice is not None and hospice <= day + 7) or in_hospital_with_baclofen(chart, day) or is_switched(chart, day)
    )


def is_switched(chart: Chart, day: Day) -> bool:
    """An order, an administration or a pump, up to 30 days before or after."""
    days = [s.start for s in supplies(chart) if (s.drug.ingredient, s.drug.route) == ("baclofen", "intrathecal")]
    days += [d.day for d in chart.doses if (d.drug.ingredient, d.drug.route) == ("baclofen", "intrathecal")]
    days += [p.day for p in chart.procedures if p.code in PUMP_PROCEDURES]
    return any(abs(other - day) <= 30 for other in days)


def in_hospital_with_baclofen(chart: Chart, day: Day) -> bool:
    """A stay in hospital over the day in which baclofen was given; without a recorded end it lasts to the last baclofen in it."""
    stays = sorted((e for e in chart.encounters if e.kind == "inpatient"), key=lambda stay: stay.day)
    given = [d.day for d in chart.doses if d.drug.ingredient == "baclofen"]
    for number, stay in enumerate(stays):
        before = stays[number + 1].day if number + 1 < len(stays) else FOR_EVER
        in_it = [g for g in given if stay.day <= g and (g < before if stay.end is None else g <= stay.end)]
        if in_it and stay.day <= day <= (stay.end or max(in_it)):
            return True
    return False


def shows_withdrawal(chart: Chart, end: Day) -> bool:
    """A code of withdrawal on E to E+7, or an emergency visit or admission that starts on E+1 to E+7."""
    coded = any(end <= day <= end + 7 for day in chart.coded(WITHDRAWAL_CODES))
    came = [e.day for e in chart.encounters if e.kind in {"emergency", "inpatient"}]
    return coded or any(end + 1 <= day <= end + 7 for day in came)
