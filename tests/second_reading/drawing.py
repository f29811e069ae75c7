"""What the invented patients are drawn from: chance, and orders whose lengths, gaps and doses lie near the thresholds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, TypeVar

from second_reading import catalogue as c
from second_reading.chart import Day, Drug, Order, Row
from second_reading.courses import last_covered_day

T = TypeVar("T")


class Draw:
    """Takes one of some values, by chance."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def __call__(self, values: Sequence[T]) -> T:
        return self.random.choice(values)

    def one_in(self, number: int) -> bool:
        return self.random.randrange(number) == 0

    def some(self, values: Sequence[T], at_most: int) -> list[T]:
        """None to so many of the values, none twice."""
        return self.random.sample(values, self.random.randint(0, at_most))


@dataclass(frozen=True)
class Story:
    """Rows in days since the beginning; `turning` are days around which something may be dated, the last of them the end."""

    rows: list[Row]
    turning: list[Day]


LENGTHS = (2, 3, 6, 7, 8, 10, 13, 14, 14, 15, 16, 28, 29, 30, 30, 45, 46, 59, 60, 60, 61, 90, 91, 120, 180)
GAPS = (-12, -11, -10, -9, -1, 0, 0, 0, 0, 0, 0, 1, 7, 29, 30, 31, 32, 149, 150, 179, 180, 181)
BACLOFEN_MG = (None, 5.0, 7.5, 10.0, 10.0, 15.0, 15.0, 20.0, 20.0, 25.0, 30.0, 30.0, 31.0, 40.0, 60.0, 80.0, 81.0, 90.0)
OFFSETS = (-31, -30, -29, -15, -8, -7, -1, 0, 1, 6, 7, 8, 15, 29, 30, 31, 89, 90, 91)
# Days from the story's end to the date of the audit: near what makes things pending, or long past.
AGO = (-10, -2, -1, 0, 1, 2, 6, 7, 8, 29, 30, 31, 43, 44, 45, 46, 60, 90, 91, 200, 200, 200, 200, 400, 400, 400, 400)


def course(draw: Draw, begin: Day, pick: Callable[[Draw], dict[str, Any]], at_most: int) -> list[Order]:
    """Orders one after the other, each what `pick` makes of it, with gaps and overlaps between them."""
    found: list[Order] = []
    day = begin
    for _ in range(draw(range(1, at_most + 1))):
        order = Order(day=day, **{"days_supply": draw(LENGTHS), **pick(draw)})
        order = replace(order, status=draw((*["active"] * 10, "completed", "cancelled", "on-hold")))
        found.append(stopped_early(draw, order) if draw.one_in(8) else order)
        day = max(day, last_covered_day(found[-1]) + 1 + draw(GAPS))
    return found


def stopped_early(draw: Draw, order: Order) -> Order:
    """An end date within the supply, with or without saying that it was stopped."""
    last = last_covered_day(order)
    return replace(order, status=draw(("stopped", "completed")), stop=max(order.day, last - draw((0, 1, 7))))


def baclofen(draw: Draw) -> dict[str, Any]:
    """An order of baclofen: the dose stated, in tablets a day, by quantity over days, or unknown."""
    as_needed = draw.one_in(12)
    how = draw(("stated", "stated", "stated", "tablets", "quantity", "length"))
    sig = c.TAPER_SIG if draw.one_in(20) else ""
    common = {"drug": c.BACLOFEN_10, "as_needed": as_needed, "sig": sig}
    if how == "stated":
        return {**common, "daily_dose_mg": draw(BACLOFEN_MG)}
    drug, tablets, times = draw((c.BACLOFEN_5, c.BACLOFEN_10, c.BACLOFEN_20)), draw((0.5, 1.0, 2.0)), draw((1.0, 2.0, 3.0))
    if how == "tablets":
        return {**common, "drug": drug, "tablets": tablets, "times_a_day": times}
    days = draw((7, 14, 30, 60))
    if how == "quantity":
        return {**common, "drug": drug, "days_supply": days, "quantity": tablets * times * days}
    by_quantity = {"days_supply": None, "quantity": tablets * times * days}
    return {**common, "drug": drug, "tablets": tablets, "times_a_day": times, **by_quantity}


def taken(draw: Draw) -> list[Order]:
    """Any orders of baclofen."""
    return course(draw, 0, baclofen, 6)


def tapering(draw: Draw) -> list[Order]:
    """A long steady course of baclofen, and what may be a taper."""
    usual = draw((7.5, 10.0, 11.0, 15.0, 20.0, 20.0, 29.0, 30.0, 40.0, 60.0))
    found = [Order(c.BACLOFEN_10, 0, days_supply=draw((45, 46, 59, 60, 60, 61, 90, 165, 179, 180)), daily_dose_mg=usual)]
    for _ in range(draw((0, 0, 1, 1, 2))):
        dose = draw((None, usual / 4, usual / 2, usual / 2, usual * 0.75, usual * 0.75, usual - 5))
        days = draw((1, 2, 6, 7, 13, 14, 14, 15, 28, 29, 30))
        found.append(Order(c.BACLOFEN_10, last_covered_day(found[-1]) + 1, days_supply=days, daily_dose_mg=dose))
    last = replace(found[-1], as_needed=draw.one_in(12), sig=c.TAPER_SIG if draw.one_in(12) else "")
    return [*found[:-1], stopped_early(draw, last) if draw.one_in(4) else last]


def titrating(draw: Draw) -> list[Order]:
    """Baclofen raised step by step, about once a week."""
    found: list[Order] = []
    day, dose = 0, draw((5.0, 5.0, 10.0))
    for _ in range(draw((2, 3, 3, 4))):
        days = draw((1, 2, 3, 5, 6, 6, 7, 7, 8))
        found.append(Order(c.BACLOFEN_10, day, days_supply=days, daily_dose_mg=None if draw.one_in(12) else dose))
        day, dose = day + days, max(2.5, dose + draw((-5.0, 2.5, 5.0, 5.0, 6.0, 10.0, 10.0, 10.5)))
    return found


def as_usual(drug: Drug, *doses: float) -> Callable[[Draw], dict[str, Any]]:
    """Orders of one drug, now and then without any length, or with refills."""

    def pick(draw: Draw) -> dict[str, Any]:
        given = {"drug": drug, "daily_dose_mg": draw(doses) if doses else None}
        if draw.one_in(12):
            return {**given, "days_supply": None}
        return {**given, "refills": 1} if draw.one_in(12) else given

    return pick
