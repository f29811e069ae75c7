"""Stories of drugs that cause cramps, of cirrhosis, and of haemodialysis."""

from second_reading import catalogue as c
from second_reading.chart import Day, Diagnosis, Dose, Lab, Order, Row, Session
from second_reading.courses import last_covered_day
from second_reading.drawing import Draw, Story, as_usual, course

CRAMP_CAUSES = (
    c.NAPROXEN, c.NAPROXEN_UNROUTED, c.NAPROXEN_GEL, c.RALOXIFENE, c.RALOXIFENE, c.ESTROGENS, c.TERIPARATIDE, c.IRON, c.IRON, c.IRON,
)  # fmt: skip
CRAMP_DRUGS = (
    c.QUININE, c.QUININE, c.OXIDE, c.OXIDE, c.HYDROXIDE, c.BACLOFEN_10, c.BACLOFEN_10, c.BACLOFEN_UNROUTED,
    c.CYCLOBENZAPRINE, c.CYCLOBENZAPRINE_UNROUTED,
)  # fmt: skip
BY_MOUTH_OR_NOBODY_KNOWS = {
    c.BACLOFEN_10: c.BACLOFEN_UNROUTED, c.BACLOFEN_UNROUTED: c.BACLOFEN_10,
    c.CYCLOBENZAPRINE: c.CYCLOBENZAPRINE_UNROUTED, c.CYCLOBENZAPRINE_UNROUTED: c.CYCLOBENZAPRINE,
}  # fmt: skip


def cramp_story(draw: Draw) -> Story:
    rows: list[Row] = []
    for _ in range(draw((1, 1, 1, 2))):
        rows += cause(draw, draw((0, 0, 40)))
    end = max(last_covered_day(row) if isinstance(row, Order) else row.day for row in rows)
    near = (-1, 0, 1, 1, 2, 7, 8, 15, 40, 41, 60, 89, 90, 91, 95, end - 1, end, end, end + 1, end + 7, end + 8)
    for _ in range(draw((0, 1, 1, 2))):
        drug = draw(CRAMP_DRUGS)
        start, days = draw(near), draw((7, 28, 30))
        rows.append(Order(drug, start, days_supply=days, indication=draw((*[""] * 8, "E83.42", "R25.2", "G35"))))
        if draw.one_in(4):
            before = draw((drug, drug, BY_MOUTH_OR_NOBODY_KNOWS.get(drug, drug)))
            rows.append(Order(before, start - draw((61, 180, 181, 182, 187, 188, 209, 210, 211)), days_supply=draw((1, 7, 30))))
    for _ in range(draw((0, 0, 1, 1, 2))):
        day = draw(near) - draw((0, 0, 0, 364, 365, 366))
        rows.append(draw((Diagnosis("R25.2", day), Diagnosis("G47.62", day), Order(c.SERTRALINE, day, sig=c.CRAMP_SIG))))
    rows += [Diagnosis(draw(("G35", "E83.42")), draw(near) + draw((-200, 0, 28, 29, 30)))] if draw.one_in(4) else []
    return Story(rows, [0, 7, 90, end])


def cause(draw: Draw, begin: Day) -> list[Row]:
    """A course of a drug that causes cramps; of iron sucrose orders, doses, or both."""
    drug = draw(CRAMP_CAUSES)
    ordered = list[Row](course(draw, begin, as_usual(drug), 2))
    if drug is not c.IRON or draw.one_in(4):
        return ordered
    day, doses = begin + draw((0, 1, 10)), list[Row]()
    for _ in range(draw(range(1, 6))):
        doses.append(Dose(drug, day))
        day += draw((1, 5, 7, 8, 14, 30, 31, 32))
    return [*ordered, *doses] if draw.one_in(3) else doses


def cirrhosis_story(draw: Draw) -> Story:
    orders: list[Order] = []
    for _ in range(draw((1, 1, 2))):
        drug = draw((c.FUROSEMIDE, c.SPIRONOLACTONE, c.SPIRONOLACTONE, c.BACLOFEN_10))
        orders += course(draw, draw((0, 0, 10)), as_usual(drug), 2)
    rows = list[Row](orders)
    if draw.one_in(8):
        rows.append(Order(c.BACLOFEN_PUMP, -draw((180, 181, 182)), days_supply=draw((1, 2))))
    if not draw.one_in(12):
        rows.append(Diagnosis("K74.60", draw((-400, -30, 0, 1, 20, 30, 60))))
    days = draw(((-31, -30, 0, 1, 2, 15, 29, 30, 31, 40, 41), (1, 1, 2, 15, 29, 30, 30, 31)))
    for analyte, value in (("creatinine", "1.1"), ("sodium", "135"), ("potassium", "4.1"), ("egfr", "70")):
        if not draw.one_in(3):
            rows.append(Lab(analyte, draw(days), value, draw((*["final"] * 9, "preliminary", "cancelled"))))
    return Story(rows, [0, 30, 30, max(last_covered_day(o) for o in orders)])


def dialysis_story(draw: Draw) -> Story:
    """Sessions every other day or so; the labs lie in a ladder of months before the last of them."""
    every, count = draw((2, 2, 3, 5)), draw((8, 13, 14, 20, 21, 22, 30, 31, 32, 40))
    changes = draw.some((1, 2, 5, 12, 13, 14, 20, 21, 22, 30, 31, 32), 2)
    cramping = draw(((True, False, None), (True, False, False, False), (True, None, None, False)))
    missing = draw((0, 0, 3, 7))
    sessions, weight = list[Row](), 70.0
    for number in range(count):
        weight += draw((0.0, 0.5, -0.5)) if count - number in changes else 0.0
        recorded = None if missing and number % missing == 0 else weight
        sessions.append(Session(number * every, recorded, draw(cramping)))
    end = sessions[-1].day
    return Story([*sessions, *rising(draw, end)], [end])


def rising(draw: Draw, end: Day) -> list[Row]:
    """Albumin, creatinine and protein catabolic rate before and after they may have risen."""
    found = list[Row]()
    for analyte, before, after in (
        ("albumin", "3.6", ("3.7", "3.8", "3.9")),
        ("creatinine", "8", ("8.7", "8.8", "8.9")),
        ("npcr", "0.9", ("0.9", "1.0", "1.1")),
    ):
        for ago in draw.some((60, 61, 62, 90, 150, 151), 2):
            found.append(Lab(analyte, end - ago, before))
        for ago in draw.some((0, 1, 30, 59, 60, 61), 2):
            found.append(Lab(analyte, end - ago, draw(after)))
    return found
