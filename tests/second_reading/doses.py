"""Daily dose and dose steps (section 2), worked out day by day."""

from dataclasses import dataclass

from second_reading.chart import Day, Order
from second_reading.courses import Course, Supply

RENEWAL_DAYS = 10


@dataclass(frozen=True)
class Step:
    """Days in a row with the same dose; None when it is unknown."""

    start: Day
    end: Day
    dose: float | None

    @property
    def length(self) -> int:
        return self.end - self.start + 1


def daily_dose(order: Order) -> float | None:
    """Stated; else tablets by frequency; else strength by quantity over days of supply; else unknown."""
    if order.daily_dose_mg is not None:
        return order.daily_dose_mg
    if order.tablets and order.times_a_day:
        return order.tablets * order.times_a_day * order.drug.strength_mg
    if order.quantity and order.days_supply:
        return order.quantity * order.drug.strength_mg / order.days_supply
    return None


def renews(later: Supply, earlier: Supply) -> bool:
    """Whether a supply starts when at most ten covered days of an earlier one are left."""
    return earlier.start < later.start <= earlier.end and earlier.end - later.start + 1 <= RENEWAL_DAYS


def taken_on(course: Course, day: Day) -> list[Supply]:
    """The supplies that make up the dose of a day; in a gap those of the last covered day before it."""
    while True:
        covering = [s for s in course.supplies if s.covers(day)]
        current = [s for s in covering if not any(renews(o, s) and o.start <= day for o in course.supplies)]
        if current:
            return current
        day -= 1


def dose_on(course: Course, day: Day) -> float | None:
    """The total of a day, unknown when any part of it is."""
    parts = [daily_dose(supply.order) if supply.order else None for supply in taken_on(course, day)]
    return None if None in parts else sum(part for part in parts if part is not None)


def elemental_on(course: Course, day: Day) -> float | None:
    """The elemental magnesium of a day, unknown when any part of it is."""
    total = 0.0
    for supply in taken_on(course, day):
        dose = daily_dose(supply.order) if supply.order else None
        if dose is None:
            return None
        total += dose * supply.drug.elemental
    return total


def as_needed_on(course: Course, day: Day) -> bool:
    """Whether any part of the day's dose was taken as needed."""
    return any(supply.order is not None and supply.order.as_needed for supply in taken_on(course, day))


def fixed_on(course: Course, day: Day) -> float:
    """What of the day's known dose was not taken as needed."""
    orders = [supply.order for supply in taken_on(course, day) if supply.order is not None]
    return sum(daily_dose(order) or 0 for order in orders if not order.as_needed)


def fixed_part(course: Course, step: Step) -> float | None:
    """The least that was fixed on any day of a step; unknown where its dose is."""
    return None if step.dose is None else min(fixed_on(course, day) for day in range(step.start, step.end + 1))


def steps(course: Course, last: Day) -> list[Step]:
    """The dose steps of a course, up to its end; those that begin after `last` are left out."""
    found: list[Step] = []
    for day in range(course.start, course.end + 1):
        dose = dose_on(course, day)
        if found and found[-1].dose == dose:
            found[-1] = Step(found[-1].start, day, dose)
        else:
            found.append(Step(day, day, dose))
    return [step for step in found if step.start <= last]
