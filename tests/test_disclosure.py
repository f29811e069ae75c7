"""Disclosure from night to night: no pair of publications gives a small count back, and most large ones are still shown.

Small hospitals are made up; their results go through the marts night after night, each with what the night before published.
The attacker (attacker.py) gets every publication of a rule and solves for what is hidden.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import pytest

from attacker import LIMIT, Count, Knowledge, Name, Publication, changes_recovered, learn, ranges, recovered
from nightrounds.database import connect
from nightrounds.sqlfiles import layers
from nightrounds.warehouse import build_table, create_macros, create_records, create_schemas

ROOT = Path(__file__).parents[1]
START = date(2026, 6, 20)
MEMORY = {
    "previous_publication": "publication",
    "previous_publication_cell": "publication_cell",
    "previous_settings": "public_rule_sensitivity",
}
TABLES = """
    CREATE TABLE facts.people (patient_id VARCHAR, birth_date DATE, sex VARCHAR);
    CREATE TABLE facts.dialysis (patient_id VARCHAR, from_day DATE, to_day DATE);
    CREATE TABLE facts.pregnancies (patient_id VARCHAR, start_date DATE, end_date DATE);
    CREATE TABLE facts.conditions (patient_id VARCHAR, condition VARCHAR, day DATE);
    CREATE TABLE audit.results (
        rule_id VARCHAR, unit_id VARCHAR, patient_id VARCHAR, index_date DATE, outcome VARCHAR, severity VARCHAR,
        reason VARCHAR, facility_id VARCHAR, prescriber_id VARCHAR, evidence VARCHAR, message VARCHAR
    );
"""
# Prescribers and drug forms go by the number of the unit: three in four units have a group, one in nine is a gel.
RESULTS = """
    WITH given AS (
        SELECT
            unnest(?) AS rule_id, unnest(?) AS unit, unnest(?) AS day, unnest(?) AS outcome, unnest(?) AS reason,
            unnest(?) AS place
    )
    SELECT
        rule_id, unit, unit, day, outcome, NULL, reason, place, 'D' || CAST(substr(unit, 2) AS INTEGER) % 4,
        json_object('form', ['gel', 'drops', 'drops', 'tablet'][least(CAST(substr(unit, 2) AS INTEGER) % 9, 3) + 1]), NULL
    FROM given
"""
WANTED = {
    "disclosure", "outcome_count", "rule_reason", "rule_sensitivity", "compared_count", "candidate_outcome", "rule_summary", "rule_month",
    "candidate_cell", "quieted_cell", "telling_line", "covered_cell", "publication", "publication_cell", "public_outcome", "public_cell", "public_rule_reason",
    "public_rule_summary", "public_breakdown", "public_rule_sensitivity", "control_series",
}  # fmt: skip


class House:
    """A database in which the marts of disclosure are built night after night; on request by drug form and prescriber group too."""

    def __init__(self, *rules: str, detailed: bool = False) -> None:
        self.con = connect(threads=1)
        create_schemas(self.con)
        create_macros(self.con, ROOT / "sql" / "macros")
        create_records(self.con, ROOT / "sql" / "records")
        self.con.execute(TABLES)
        for position, rule in enumerate(rules):
            self.con.execute(
                "INSERT INTO audit.rules (rule_id, pack, companion, position, title, kind, version, run_status, distribution) "
                "VALUES (?, 'p', FALSE, ?, ?, 'safety', '1.0.0', 'run', ?)",
                [rule, position, rule, ["form"] if detailed else []],
            )
        if detailed:
            self.con.execute("INSERT INTO audit.prescriber_groups VALUES ('D0', 'east'), ('D1', 'east'), ('D2', 'west')")
        self.files = [f for layer in layers(ROOT / "sql" / "marts") for f in layer if f.table in WANTED]
        self.is_first = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.con.close()

    def night(self, results: Sequence[tuple[Any, ...]], as_of: date, disclosure: str = "cms11") -> None:
        """Publish (rule, unit, month, outcome, reason, place, birth date) of one night."""
        for memory, source in MEMORY.items():
            self.con.execute(f"DELETE FROM audit.{memory}")
            if not self.is_first:
                self.con.execute(f"INSERT INTO audit.{memory} BY NAME FROM mart.{source}")
        self.is_first = False
        self.con.execute("DELETE FROM audit.results")
        self.con.execute("DELETE FROM facts.people")
        if results:
            columns = [list(column) for column in zip(*results, strict=True)]
            self.con.execute(f"INSERT INTO audit.results {RESULTS}", columns[:6])
            self.con.execute("INSERT INTO facts.people SELECT unnest(?), unnest(?), 'female'", [columns[1], columns[6]])
        for file in self.files:
            build_table(self.con, "mart", file, {"as_of": as_of, "disclosure": disclosure})

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self.con.execute(query, list(values)).fetchall()

    def publication(self, rule: str) -> Publication:
        """Return the counts behind the figures of a rule that stand tonight, each with how it is published."""
        rows = self.ask("SELECT breakdown, cell, outcome, units, status FROM mart.publication_cell WHERE rule_id = ?", rule)
        return {(breakdown, cell, outcome): Count(units, status) for breakdown, cell, outcome, units, status in rows}

    def figures_of(self, rule: str) -> date:
        day: date = self.ask("SELECT figures_of FROM mart.publication WHERE rule_id = ?", rule)[0][0]
        return day


@dataclass
class Hospital:
    """A rule's units, growing night by night: some are pending for a while, few are corrected later."""

    dice: random.Random
    units_a_day: float
    findings: float
    places: Sequence[float]
    today: date = START
    corrections: float = 0.0005
    units: list[list[Any]] = field(default_factory=list)

    def live(self, days: int) -> None:
        for _ in range(days):
            self.today += timedelta(1)
            for _ in range(int(self.units_a_day) + (self.dice.random() < self.units_a_day % 1)):
                self.units.append(self.arrival())
            for unit in self.units:
                is_due = unit[3] == "pending" and (self.today - unit[2]).days > 20
                if self.dice.random() < (0.3 if is_due else self.corrections):
                    unit[3:5] = self.judged()

    def judged(self) -> list[str]:
        shares = {"finding": self.findings, "clear": 0.85 - self.findings, "excluded": 0.1, "not_evaluable": 0.05}
        outcome = self.dice.choices(list(shares), list(shares.values()))[0]
        return [outcome, outcome + self.dice.choices("ABC", [70, 25, 5])[0]]

    def arrival(self) -> list[Any]:
        outcome = ["pending", "pendingA"] if self.dice.random() < 0.3 else self.judged()
        place = self.dice.choices(range(len(self.places)), self.places)[0]
        birth = date(self.dice.choice([1935, 1945, 1955, 1970]), 1, 1)
        return ["r", f"u{len(self.units)}", self.today, *outcome, f"F{place}", birth]


def hospital(seed: int) -> Hospital:
    dice = random.Random(seed)
    made = Hospital(
        dice, dice.choice([0.4, 1, 2, 5]), dice.choice([0.05, 0.2, 0.4]), dice.choice([[1], [8, 3, 1], [5, 5, 2, 1, 1, 0.3]])
    )
    made.today -= timedelta(120)
    made.live(120)
    return made


def rows(made: Hospital) -> list[tuple[Any, ...]]:
    return [tuple(unit) for unit in made.units]


def publications(made: Hospital, steps: Sequence[int]) -> list[Publication]:
    """Live and publish in steps of days; return what was published, each publication once."""
    found: list[Publication] = []
    with House("r", detailed=True) as house:
        for days in steps:
            made.live(days)
            house.night(rows(made), made.today)
            if house.figures_of("r") == made.today:
                found.append(house.publication("r"))
            else:
                assert house.publication("r") == found[-1]
    return found


STEPS = ([0, 1, 1, 1], [0, 3, 9, 2], [0, 10, 10, 10], [0, 35, 1, 35], [0, 33, 2, 40], [0, 20, 20, 20])


def small(counts: dict[Name, Count]) -> set[Name]:
    return {name for name, count in counts.items() if 1 <= count.units <= LIMIT}


def small_changes(knowledge: Knowledge, told: Iterable[Name]) -> set[Name]:
    """Return those of the counts that were small on one of the two nights and changed by no more than the limit."""
    pairs = {name: (knowledge.hidden[name[0] - 1, *name[1:]].units, knowledge.hidden[name].units) for name in told}
    return {
        name for name, (before, after) in pairs.items()
        if before != after and abs(after - before) <= LIMIT and (1 <= before <= LIMIT or 1 <= after <= LIMIT)
    }  # fmt: skip


@pytest.fixture(scope="module", params=range(12))
def published(request: pytest.FixtureRequest) -> list[Publication]:
    """What a small hospital published in up to four nights."""
    seed: int = request.param
    return publications(hospital(seed), STEPS[seed % len(STEPS)])


# From night to night


def test_no_small_count_and_no_change_of_one_follows_from_all_publications(published: list[Publication]) -> None:
    knowledge = learn(published, knows_rows=False)
    assert small(knowledge.hidden)
    assert small(knowledge.hidden) & recovered(knowledge) == set()
    assert small_changes(knowledge, changes_recovered(knowledge)) == set()


def test_nor_if_rows_that_did_not_change_are_known(published: list[Publication]) -> None:
    """Of pending units a month that is over always tells that they are judged by now: what is judged has grown."""
    knowledge = learn(published, knows_rows=True)
    told = small(knowledge.hidden) & recovered(knowledge) | small_changes(knowledge, changes_recovered(knowledge))
    assert {name for name in told if name[3] != "pending"} == set()


def test_every_small_count_could_be_ten_numbers_at_least(published: list[Publication]) -> None:
    knowledge = learn(published, knows_rows=False)
    tiny = sorted(small(knowledge.hidden))
    for name, (low, high) in ranges(knowledge, random.Random(1).sample(tiny, min(len(tiny), 25))).items():
        assert high - low + 1 >= LIMIT, (name, knowledge.hidden[name], low, high)


@pytest.mark.parametrize("seed", [0, 3])
def test_the_attacker_succeeds_where_nights_are_not_compared(seed: int) -> None:
    """Each night alone hides its small counts; the same nights together do not."""
    made, found = hospital(seed), []
    for _ in range(4):
        made.live(3)
        with House("r") as house:
            house.night(rows(made), made.today)
            found.append(house.publication("r"))
    assert all(small(alone.hidden) & recovered(alone) == set() for alone in (learn([one], knows_rows=False) for one in found))
    knowledge = learn(found, knows_rows=False)
    assert small(knowledge.hidden) & recovered(knowledge)
    assert small_changes(knowledge, changes_recovered(knowledge))


def test_two_findings_a_month_do_not_show_in_the_total() -> None:
    """The total grows only when it does by so many that they could be of any of the months that have new ones."""
    units = [unit(number, "clear", date(2025, 1, 5)) for number in range(200)]
    units += [unit(200 + number, "finding", date(2025, 1 + number // 2, 10)) for number in range(12)]
    totals = []
    with House("r") as house:
        for month in range(14):
            day = date(2025, 7, 1) + timedelta(31 * month)
            units += [unit(1000 + 100 * month + number, "finding", day) for number in range(2)]
            house.night(units, day)
            totals += house.ask("SELECT numerator, is_held, said IS NULL FROM mart.public_rule_summary")
    steps = [after[0] - before[0] for before, after in pairwise(totals)]
    assert all(step == 0 or step > LIMIT for step in steps)
    assert sum(steps) > 0
    assert all(is_held != is_silent for _, is_held, is_silent in totals)


@pytest.mark.parametrize("seed", range(2))
def test_most_large_counts_are_still_shown_after_ten_nights(seed: int) -> None:
    made = Hospital(random.Random(seed), 12, 0.2, [8, 5, 4, 3, 1], today=START - timedelta(300), corrections=0.00002)
    made.live(300)
    with House("r") as house:
        for _ in range(11):
            house.night(rows(made), made.today)
            made.live(1)
        large = {place: count for place, count in house.publication("r").items() if count.units > LIMIT and place[0] != "reason"}
        fresh = house.figures_of("r") >= made.today - timedelta(4)
    judged = [count.status for place, count in large.items() if place[2] in ("finding", "clear")]
    assert fresh
    assert judged.count("shown") / len(judged) > 0.9
    assert [count.status for count in large.values()].count("shown") / len(large) > 0.5


# Held figures


def unit(number: int, outcome: str, day: date, rule: str = "r", place: str = "F0") -> tuple[Any, ...]:
    return (rule, f"u{number}", day, outcome, outcome, place, date(1950, 1, 1))


def two_months(june: int, july: int) -> list[tuple[Any, ...]]:
    """Findings of two months, and enough clear units."""
    counts = (("clear", 6, 50), ("clear", 7, 50), ("finding", 6, june), ("finding", 7, july))
    return [
        unit(1000 * place + number, outcome, date(2026, month, 7))
        for place, (outcome, month, count) in enumerate(counts)
        for number in range(count)
    ]


def test_held_figures_agree_with_each_other_and_say_of_when_they_are() -> None:
    with House("r") as house:
        house.night(two_months(30, 0), date(2026, 6, 30))
        tables = ("public_outcome", "public_cell", "public_rule_reason", "public_breakdown")
        before = [house.ask(f"SELECT * FROM mart.{table} ORDER BY ALL") for table in tables]
        chart = "SELECT month, numerator, denominator FROM mart.control_series WHERE audience = 'public' ORDER BY ALL"
        points = house.ask(chart)
        house.night(two_months(33, 4), date(2026, 7, 8))
        assert [house.ask(f"SELECT * FROM mart.{table} ORDER BY ALL") for table in tables] == before
        assert house.ask(chart) == points
        said = house.ask("SELECT numerator, figures_of, is_held, said FROM mart.public_rule_summary")
        sentence = "Figures as published on 30 June 2026; what changed since is too small to be shown."
        assert said == [(30, date(2026, 6, 30), True, sentence)]
        house.night(two_months(33, 15), date(2026, 7, 20))
        assert house.ask("SELECT numerator, is_held, said FROM mart.public_rule_summary") == [(48, False, None)]


def test_figures_that_stood_too_long_come_out_behind_a_cover() -> None:
    """July never gets large: after a month June, which has grown, is withheld beside it."""
    with House("r") as house:
        house.night(two_months(30, 0), date(2026, 6, 30))
        for days, is_held in ((8, True), (30, True), (31, False), (32, False)):
            house.night(two_months(33, 4), date(2026, 6, 30) + timedelta(days))
            assert house.ask("SELECT is_held FROM mart.publication") == [(is_held,)], days
        shown = house.ask(
            "SELECT cell, shown FROM mart.public_cell WHERE breakdown = 'month' AND outcome = 'finding' ORDER BY cell"
        )
        assert shown == [("2026-06-01", "withheld"), ("2026-07-01", "withheld")]


@pytest.mark.parametrize("policy", ["round5", "none"])
def test_other_policies_hold_nothing(policy: str) -> None:
    with House("r") as house:
        for july in (0, 3, 4):
            house.night(two_months(30, july), date(2026, 7, 8), policy)
            assert house.ask("SELECT is_held, is_covered FROM mart.publication") == [(False, False)]
        assert house.ask("SELECT sum(units) FROM mart.public_cell WHERE breakdown = 'month' AND status = 'withheld'") == [(None,)]


def test_another_policy_or_major_version_starts_afresh() -> None:
    with House("r") as house:
        house.night(two_months(30, 4), date(2026, 7, 8))
        house.night(two_months(30, 15), date(2026, 7, 9))
        month = "SELECT shown FROM mart.public_cell WHERE breakdown = 'month' AND outcome = 'finding' AND cell = '2026-07-01'"
        assert house.ask(month) == [("withheld",)]
        house.con.execute("UPDATE audit.rules SET version = '1.1.0'")
        house.night(two_months(30, 15), date(2026, 7, 10))
        assert house.ask(month) == [("withheld",)]
        house.con.execute("UPDATE audit.rules SET version = '2.0.0'")
        house.night(two_months(30, 15), date(2026, 7, 11))
        assert house.ask(month) == [("15",)]
        house.night(two_months(30, 4), date(2026, 7, 12), "round5")
        house.night(two_months(30, 4), date(2026, 7, 12))
        assert house.ask("SELECT is_held, figures_of FROM mart.publication") == [(False, date(2026, 7, 12))]


def test_a_rule_that_was_not_run_for_a_night_remembers_what_it_hid() -> None:
    with House("r") as house:
        house.night(two_months(30, 4), date(2026, 7, 8))
        house.con.execute("UPDATE audit.rules SET run_status = 'not_run'")
        house.night([], date(2026, 7, 9))
        assert house.ask("SELECT count(*) FROM mart.public_cell") == [(0,)]
        assert house.ask("SELECT numerator, figures_of, said FROM mart.public_rule_summary") == [(None, None, None)]
        house.con.execute("UPDATE audit.rules SET run_status = 'run'")
        house.night(two_months(30, 6), date(2026, 7, 10))
        assert house.ask("SELECT figures_of, is_held FROM mart.publication") == [(date(2026, 7, 8), True)]


def test_a_publication_without_a_change_is_the_same() -> None:
    with House("r") as house:
        house.night(two_months(30, 4), date(2026, 7, 8))
        before = house.publication("r")
        house.night(two_months(30, 4), date(2026, 7, 9))
        assert house.publication("r") == before
        assert house.figures_of("r") == date(2026, 7, 9)
