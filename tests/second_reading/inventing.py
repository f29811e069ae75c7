"""Invented patients: few rows each, with dates and values that lie near the thresholds of the ten rules.

A patient is a story about one thing (baclofen, magnesium, a drug that causes cramps, cirrhosis, dialysis) that begins on day 0
and is then moved so that its end lies some days before the date of the audit.
"""

from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from second_reading.chart import Chart, Day, Diagnosis, Dose, Encounter, Lab, Order, Procedure, Row, Session
from second_reading.drawing import AGO, Draw, Story
from second_reading.stories_of_conditions import cirrhosis_story, cramp_story, dialysis_story
from second_reading.stories_of_doses import baclofen_story, magnesium_story

STORIES = [baclofen_story] * 6 + [magnesium_story] * 4 + [cramp_story] * 5 + [cirrhosis_story] * 2 + [dialysis_story] * 2

FEED_OF = {
    Order: "orders", Lab: "labs", Diagnosis: "diagnoses", Procedure: "procedures", Dose: "doses", Session: "sessions",
    Encounter: "encounters",
}  # fmt: skip


def patient(draw: Draw, as_of: Day, extracted: Day) -> Chart:
    """One patient, whose name is still to be given; rows later than the extract are left out."""
    story = draw(STORIES)(draw)
    shift = as_of - draw(AGO) - draw((*story.turning[:3], *[story.turning[-1]] * 6))
    rows = [row.moved(shift) for row in [*story.rows, *background(draw, story)]]
    start, end = shift, story.turning[-1] + shift
    death = draw((start - 1, start + 30, start + 31, end, end + 7, end + 8)) if draw.one_in(25) else None
    feeds: dict[str, tuple[Any, ...]] = {feed: tuple(r for r in rows if type(r) is kind) for kind, feed in FEED_OF.items()}
    feeds["labs"] = one_a_day(feeds["labs"])
    feeds["encounters"] = tuple(replace(e, end=e.end and min(e.end, extracted)) for e in feeds["encounters"])
    sex = draw(("female", "female", "male", "male", "unknown"))
    return Chart("", born(draw, draw((start, start, end))), sex, death, **feeds).known_on(extracted)


def background(draw: Draw, story: Story) -> list[Row]:
    """How long before the beginning the patient was first seen, and hospice care in a few."""
    seen = draw((None, 179, 180, 180, 181, 400, 400, 400))
    found: list[Row] = [] if seen is None else [Encounter("outpatient", -seen, -seen)]
    if draw.one_in(25):
        found.append(Diagnosis("Z51.5", draw(story.turning) + draw((-1, 0, 1, 7, 8))))
    return found


def born(draw: Draw, day: Day) -> Day:
    """A birth date: the patient turns some age on that day, or one day later or earlier."""
    turning, off = draw((18, 30, 50, 64, 65, 65, 66, 75, 80)), draw((-1, 0, 1, 100))
    birthday = date.fromordinal(day + off)
    return date(birthday.year - turning, birthday.month, min(birthday.day, 28)).toordinal()


def one_a_day(labs: tuple[Lab, ...]) -> tuple[Lab, ...]:
    """No two results of one test on one day: the page does not say which of them counts."""
    return tuple({(lab.analyte, lab.day): lab for lab in labs}.values())


def invent(count: int, as_of: Day, extracted: Day, number: int) -> list[Chart]:
    """So many patients; the same ones for the same number."""
    found: list[Chart] = []

    @seed(number)
    @settings(max_examples=count, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.randoms(use_true_random=True))
    def collect(random: Random) -> None:
        found.append(replace(patient(Draw(random), as_of, extracted), patient_id=f"p{len(found):05d}"))

    collect()
    return found
