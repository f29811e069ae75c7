"""Stories of baclofen and of magnesium."""

from collections.abc import Callable
from dataclasses import replace

from second_reading import catalogue as c
from second_reading.chart import Day, Diagnosis, Dose, Encounter, Lab, Order, Procedure, Row, Session
from second_reading.courses import last_covered_day
from second_reading.drawing import LENGTHS, OFFSETS, Draw, Story, as_usual, course, taken, tapering, titrating


def baclofen_story(draw: Draw) -> Story:
    orders = draw((tapering, titrating, taken))(draw)
    end = max(last_covered_day(o) for o in orders)
    around = sorted({0, end, *(o.day for o in orders)})

    def some(one_in: int, make: Callable[[Day], Row]) -> list[Row]:
        """Perhaps a row that is dated near one of the orders or the end."""
        return [make(draw((*around, end, end)) + draw(OFFSETS))] if draw.one_in(one_in) else []

    extra = after_the_end(draw, end)
    extra += some(20, lambda day: Order(c.BACLOFEN_PUMP, day, days_supply=30))
    extra += some(20, lambda day: Dose(c.BACLOFEN_PUMP, day))
    extra += some(20, lambda day: Procedure(draw(("62362", "62368")), day))
    extra += some(12, lambda day: Diagnosis(draw(("R29.6", "F03")), day + draw((-366, -365, -364, 0))))
    extra += some(12, lambda day: Diagnosis("G35", day))
    extra += some(6, lambda day: Lab("egfr", day, draw(EGFRS)))
    for drug in (c.ZOLPIDEM, c.GABAPENTIN, c.SERTRALINE):
        extra += some(5, lambda day, drug=drug: Order(drug, day, days_supply=draw(LENGTHS)))  # type: ignore[misc]
    return Story([*orders, *extra], [*around, end])


def after_the_end(draw: Draw, end: Day) -> list[Row]:
    """A sign of withdrawal, or a stay in hospital, about the last covered day."""
    found: list[Row] = []
    if draw.one_in(6):
        found.append(Diagnosis(draw(sorted(c.WITHDRAWAL_CODES)), end + draw((-1, 0, 1, 7, 8))))
    if draw.one_in(6):
        day = end + draw((0, 1, 7, 8))
        found.append(Encounter(draw(("emergency", "inpatient", "outpatient")), day, day + draw((0, 1, 9))))
    if draw.one_in(12):
        first, last = end - draw((0, 1, 3)), end + draw((-1, 0, 1, 4))
        found.append(Encounter("inpatient", first, None if draw.one_in(3) else max(first, last)))
        found.append(Dose(draw((c.BACLOFEN_10, c.BACLOFEN_10, c.QUININE)), first + draw((-1, 0, 1))))
    return found


EGFRS = ("<15", "14.9", "15", "29.9", "30", "44.6", "44.9", "45", "59.9", "60", ">60", "90")
CREATININES = ("0.7", "0.9", "1.1", "1.4", "2", "3.5", "6.1")


def renal_rows(draw: Draw, start: Day, end: Day) -> list[Row]:
    """Results, codes and dialysis around the start, the end and the middle of a course."""
    middle = (start + end) // 2
    days = [start + days for days in (-366, -365, -91, -90, -1, 0, 1, 30, 31)] + [middle, end, end + 1]
    found: list[Row] = []
    for _ in range(draw((0, 1, 1, 2, 3))):
        analyte, value = draw((("egfr", EGFRS), ("egfr", EGFRS), ("creatinine", CREATININES)))
        found.append(Lab(analyte, draw(days), draw(value), draw((*["final"] * 9, "preliminary", "cancelled"))))
    makers: list[tuple[int, Callable[[], Row]]] = [
        (4, lambda: Diagnosis(draw(("N18.31", "N18.32", "N18.4", "N18.5", "N18.9")), draw(days))),
        (12, lambda: Diagnosis(draw(("N18.31", "N18.32", "N18.4", "N18.6")), draw(days))),
        (10, lambda: Session(draw(days))),
        (14, lambda: Session(draw(days))),
        (14, lambda: Procedure("90935", draw(days))),
        (16, lambda: Diagnosis("Z99.2", draw(days))),
        (12, lambda: draw((Procedure("50360", 0), Diagnosis("Z94.0", 0))).moved(draw(days))),
    ]
    return found + [make() for one_in, make in makers if draw.one_in(one_in)]


def magnesium_story(draw: Draw) -> Story:
    oxide = as_usual(c.OXIDE, 240.0, 400.0, 497.0, 498.0, 800.0)
    chloride = as_usual(c.CHLORIDE, 535.0, 2499.0, 2500.0)
    orders = course(draw, 0, draw((oxide, oxide, chloride, as_usual(c.HYDROXIDE, 500.0, 800.0))), 3)
    end = max(last_covered_day(o) for o in orders)
    if draw.one_in(3):
        second = draw((chloride, oxide, as_usual(c.HYDROXIDE, 800.0)))
        orders += course(draw, draw((0, 14, end - 5, end, end + 1)), second, 1)
    rows = [*orders, *renal_rows(draw, 0, end)]
    if draw.one_in(4):
        ill = Diagnosis(draw(("E11.9", "I50.9", "N18.9")), draw((-400, -10, 0, end, end + 1)))
        rows.append(replace(ill, resolved=draw((-1, 0)) if ill.day < -1 and draw.one_in(2) else None))
    return Story(rows, [0, 30, end])
