"""Coverage and exposures (section 2): how long an order lasts, and which orders make one course."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from second_reading.catalogue import GIVEN_IN_THE_CLINIC
from second_reading.chart import Chart, Day, Drug, Order

GAP_DAYS = 30
INPATIENT_GAP_DAYS = 1
NEW_DAYS = 180
ASSUMED_DAYS = 30
UNKNOWN_ROUTE = "unknown"


@dataclass(frozen=True)
class Supply:
    """The days that one order, or one dose given in the clinic, covers; both included."""

    drug: Drug
    start: Day
    end: Day
    order: Order | None
    inpatient: bool = False

    def covers(self, day: Day) -> bool:
        return self.start <= day <= self.end

    def overlaps(self, start: Day, end: Day) -> bool:
        return self.start <= end and start <= self.end


@dataclass(frozen=True)
class Course:
    """An exposure: supplies of one drug by one route, with no gap that is too long between them."""

    patient_id: str
    supplies: tuple[Supply, ...]

    @property
    def drug(self) -> Drug:
        return self.supplies[0].drug

    @property
    def start(self) -> Day:
        return self.supplies[0].start

    @property
    def end(self) -> Day:
        return max(supply.end for supply in self.supplies)

    @property
    def length(self) -> int:
        return self.end - self.start + 1

    @property
    def name(self) -> str:
        """The exposure_id."""
        what = (self.drug.ingredient, self.drug.route, self.drug.product_class)
        return "|".join([self.patient_id, *what, date.fromordinal(self.start).isoformat()])

    @property
    def as_needed_only(self) -> bool:
        return all(supply.order is not None and supply.order.as_needed for supply in self.supplies)

    @property
    def explicit_stop(self) -> bool:
        """Whether the order that covers the last day (of several the one that was begun last) was stopped with an end date."""
        last = max(reversed(self.supplies), key=lambda supply: supply.end).order
        return last is not None and last.status == "stopped" and last.stop is not None


def last_covered_day(order: Order) -> Day:
    """The supply end: by days of supply, by quantity, by end date, or assumed; an end date before that cuts it short."""
    if order.days_supply is not None:
        end = order.day + order.days_supply * (1 + (order.refills or 0)) - 1
    elif order.quantity and order.tablets and order.times_a_day:
        end = order.day + int(order.quantity / (order.tablets * order.times_a_day)) - 1
    elif order.stop is not None:
        end = order.stop
    else:
        end = order.day + ASSUMED_DAYS - 1
    return end if order.stop is None else min(end, order.stop)


def supplies(chart: Chart) -> list[Supply]:
    """All supplies of a chart. Orders that were cancelled, entered in error or are on hold cover no day."""
    found = [
        Supply(order.drug, order.day, last_covered_day(order), order, is_inpatient(chart, order))
        for order in chart.orders
        if order.status not in {"cancelled", "entered-in-error", "on-hold"}
    ]
    found += [Supply(d.drug, d.day, d.day, None) for d in chart.doses if d.drug.ingredient in GIVEN_IN_THE_CLINIC]
    return sorted(found, key=lambda supply: (supply.start, supply.end))


def is_inpatient(chart: Chart, order: Order) -> bool:
    """Whether an order begins and ends within a stay in hospital."""
    stays = [(e.day, e.end) for e in chart.encounters if e.kind == "inpatient" and e.end is not None]
    return any(first <= order.day and last_covered_day(order) <= last for first, last in stays)


def courses(chart: Chart, ingredients: Iterable[str], route: str | None = None) -> list[Course]:
    """The courses of some ingredients, by start."""
    wanted = set(ingredients)

    def kind(supply: Supply) -> tuple[str, str, str]:
        return supply.drug.ingredient, supply.drug.route, supply.drug.product_class

    chosen = sorted((s for s in supplies(chart) if s.drug.ingredient in wanted and route in {None, s.drug.route}), key=kind)
    found = [course for _, group in groupby(chosen, key=kind) for course in joined(chart.patient_id, list(group))]
    return sorted(found, key=lambda course: (course.start, course.name))


def joined(patient_id: str, ordered: list[Supply]) -> list[Course]:
    """Supplies of one drug and route, in order of their start, put together across short gaps."""
    groups: list[list[Supply]] = []
    for supply in ordered:
        if groups and supply.start - max(s.end for s in groups[-1]) - 1 <= longest_gap(groups[-1], supply):
            groups[-1].append(supply)
        else:
            groups.append([supply])
    return [Course(patient_id, tuple(group)) for group in groups]


def longest_gap(before: list[Supply], after: Supply) -> int:
    """How many uncovered days may lie between: fewer when both orders are those of a stay in hospital."""
    return INPATIENT_GAP_DAYS if after.inpatient and max(before, key=lambda s: s.end).inpatient else GAP_DAYS


def supplies_by(chart: Chart, course: Course, route: str | None) -> list[Supply]:
    """All supplies of a course's ingredient by one route, or by any."""
    return [s for s in supplies(chart) if s.drug.ingredient == course.drug.ingredient and route in {None, s.drug.route}]


def newness(chart: Chart, course: Course) -> str:
    """`new`, `not new`, or `unknown` when the patient was not observed long enough or nobody says by which route it was taken."""
    earlier = supplies_by(chart, course, course.drug.route)
    if any(s.overlaps(course.start - NEW_DAYS, course.start - 1) for s in earlier):
        return "not new"
    route = None if course.drug.route == UNKNOWN_ROUTE else UNKNOWN_ROUTE
    if any(s.overlaps(course.start - NEW_DAYS, course.start - 1) for s in supplies_by(chart, course, route)):
        return "unknown"
    return "new" if seen_by(chart, course.start - NEW_DAYS) else "unknown"


def seen_by(chart: Chart, day: Day) -> bool:
    """Whether any row of any feed is dated so early."""
    return any(row.day <= day for row in chart.rows())
