"""Copies of the cases' patients for an invented extract: other people, at other times, in other places.

A case's own patient is a woman, often of 66, who falls ill in one of a few months: all that her rule asks of her. The copies
make a hospital of such patients. They are men as well, of all ages on the same side of 65, and their index dates lie evenly
over two years, so that a month has as many findings as another. What has not begun on the extract's day is left out.
Two things are planted: the last facility has more findings than its part, and half a year ago those of one rule became fewer.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import duckdb

from nightrounds.cases import PATIENT, PREFIX, Case
from nightrounds.database import identifier, text_literal

# The days over which copies are spread: from the first of a month on, so that the first point of a chart is a whole one.
DAYS_BACK = 729
# Multiples of it, less the whole numbers in them, lie evenly between 0 and 1 however many they are.
GOLDEN = 0.6180339887
FACILITIES = ("north", "south", "east", "west", "central", "riverside")
# Where prescribers work, with their numbers.
CLINICS = {
    "Family medicine": 14, "Internal medicine": 9, "Geriatrics": 6, "Rehabilitation": 5, "Kidney centre": 4, "Orthopaedics": 2,
}  # fmt: skip
# How many copies of a rule's cases there are, in relation to each other: with a finding, clear, and neither. A rate that is to be
# charted needs five findings and five clear units in a month: some rules have them, most are as seldom as in life.
USUAL = {"finding": 20, "clear": 12, "other": 6}
SPECIAL = {
    # Charted: enough of both.
    "analgesic_risk_in_cramps": {"finding": 135, "clear": 110},
    "baclofen_starting_dose": {"finding": 100, "clear": 120},
    "baclofen_titration_speed": {"finding": 100, "clear": 120},
    "cirrhosis_baclofen_dose": {"finding": 110, "clear": 100},
    "cyclobenzaprine_for_cramps": {"finding": 120, "clear": 100},
    "magnesium_dose_high": {"finding": 190, "clear": 40},
    "naproxen_risk": {"finding": 110, "clear": 115},
    "pregnancy_cramp_drugs": {"finding": 100, "clear": 120},
    # Nearer to the mix of their own cases, which fall into one or two months and would stand out there.
    "baclofen_maximum_dose": {"finding": 6, "clear": 50},
    "cramp_after_causing_drug": {"finding": 45},
    "cramp_marker_drugs": {"finding": 12},
    "cramp_prescribing_cascade": {"finding": 45},
    "estrogen_older_adult_start": {"finding": 45},
    "magnesium_diarrhoea": {"finding": 45},
    "magnesium_renal_function_unknown": {"clear": 50},
    "quinine_without_indication": {"clear": 6},
}
IMPROVED, IMPROVED_AGO = "cyclobenzaprine_for_cramps", 180
AT_LAST, ELSEWHERE = 2.0, 0.8
# Percent of the copies that are men where the case leaves it open, and percent of them that are younger than 65 where it says
# no age.
MEN, YOUNGER = 80, 25
# The first day of what a row tells.
BEGINS = {
    "prescriptions": "start_date", "labs": "collected_at", "diagnoses": "recorded_date", "procedures": "performed_at",
    "administrations": "administered_at", "dialysis_sessions": "started_at", "encounters": "started_at",
}  # fmt: skip
COURSES = ("prescriptions", "administrations", "dialysis_sessions")
FEMALE_CODES, FEMALE_DRUGS = ("O", "Z33", "Z34"), ("estrogen", "raloxifene")


def plan_copies(cases: Sequence[Case], patients: int, as_of: date) -> list[dict[str, object]]:
    """Return for every case what is written beside its rows for `copy_rows`: how many copies there are to be, and of what kind.

    `patients` is how many there are to be together with the cases' own.
    """
    strata = [(case.rule_id, _kind(case)) for case in cases]
    sizes, seen = Counter(strata), Counter[tuple[str, str]]()
    weights = {(rule, kind): (USUAL | SPECIAL.get(rule, {}))[kind] for rule, kind in sizes}
    scale = max(0, patients - len(cases)) / sum(weights.values())
    plans: list[dict[str, object]] = []
    for case, stratum in zip(cases, strata, strict=True):
        copies = scale * weights[stratum] / sizes[stratum]
        place = {"stratum": "|".join(stratum), "stratum_size": sizes[stratum], "stratum_place": seen[stratum]}
        plans.append({"copies": copies, **place, **_times(case, as_of), **_person(case)})
        seen[stratum] += 1
    return plans


def _kind(case: Case) -> str:
    outcomes = {unit["outcome"] for unit in case.content["expect"]}
    return next((kind for kind in ("finding", "clear") if kind in outcomes), "other")


def _times(case: Case, as_of: date) -> dict[str, object]:
    """Return by how many days a case is moved, how long before its day the first index date lies, and how long after a start."""
    begun = _days(case, COURSES) or _days(case, BEGINS) or [case.as_of]
    index = _first_index(case) or begun[-1]
    is_finding = _kind(case) == "finding"
    return {
        "moved": (as_of - case.as_of).days,
        "days_ago": (case.as_of - index).days,
        "history": min(DAYS_BACK // 2, max(0, (index - begun[0]).days)),
        "is_finding": is_finding,
        "least_ago": IMPROVED_AGO if is_finding and case.rule_id == IMPROVED else 0,
    }


def _person(case: Case) -> dict[str, object]:
    """Return the patient's age at first, whether the case depends on the age and on the sex, and whether she is pregnant."""
    patient = case.content.get("patient", {})
    rows = [row for feed in PREFIX for row in case.content[feed]]
    codes = [str(row.get(name, "")) for row in rows for name in ("code", "indication_code")]
    drugs = " ".join(str(row.get("drug_name", "")) for row in rows).lower()
    is_hers = any(code.startswith(FEMALE_CODES) for code in codes) or any(word in drugs for word in FEMALE_DRUGS)
    born = {**PATIENT, **patient}["birth_date"]
    return {
        "age": ((_first_index(case) or case.as_of) - born).days // 365.25,
        "has_age": "birth_date" in patient,
        "has_sex": "sex" in patient or is_hers,
        "is_pregnant": any(code.startswith(FEMALE_CODES) for code in codes),
    }


def _first_index(case: Case) -> date | None:
    return min((unit["index_date"] for unit in case.content["expect"] if "index_date" in unit), default=None)


def _days(case: Case, feeds: Iterable[str]) -> list[date]:
    """Return the days on which something begins in some feeds, in order."""
    begun = [row[BEGINS[feed]] for feed in feeds for row in case.content[feed] if BEGINS[feed] in row]
    return sorted(day.date() if isinstance(day, datetime) else day for day in begun)


def copy_rows(con: duckdb.DuckDBPyConnection, feed: str, columns: Sequence[str], as_of: date, seed: int) -> None:
    """Create table `written` from `base`, a feed's rows with their plans: every row as it is (n = 0), and its copies."""
    chosen = ", ".join(f"{_value(feed, column, as_of)} AS {identifier(column)}" for column in columns)
    begins = f"{_moved(BEGINS[feed])}::DATE" if feed in BEGINS else "NULL"
    con.execute(
        f"""
        CREATE OR REPLACE TABLE written AS
        WITH numbered AS (
            SELECT *, unnest(range(1 + ceil(copies * {AT_LAST})::BIGINT)) AS n FROM base
        ),
        thrown AS (
            SELECT
                *, {_dice("place", 0)} % {len(FACILITIES)} AS place,
                {_share("kept", seed)} AS kept, {_share("age", seed)} AS older,
                NOT has_age AND {_dice("younger", seed)} % 100 < {YOUNGER} OR age < 65 AS is_younger,
                NOT has_sex AND {_dice("sex", seed)} % 100 < {MEN} AS is_man,
                (n * stratum_size + stratum_place) * {GOLDEN} + {_share("days", seed, "stratum")} AS turns
            FROM numbered
        ),
        planned AS (
            SELECT
                *, CAST(CASE
                    WHEN n = 0 THEN moved
                    ELSE moved + days_ago - floor(least_ago + (turns - floor(turns)) * ({DAYS_BACK} - history - least_ago))
                END AS INTEGER) AS days,
                CAST(CASE
                    WHEN n = 0 OR age < 18 THEN 0
                    WHEN is_pregnant THEN 19 + 23 * older - age
                    WHEN is_younger THEN 64 - 46 * older * older - age
                    ELSE 65 + 28 * older * older - age
                END AS INTEGER) AS years,
                n = 0 OR n - 1 + kept < copies * CASE
                    WHEN NOT is_finding THEN 1 WHEN place = {len(FACILITIES) - 1} THEN {AT_LAST} ELSE {ELSEWHERE}
                END AS is_kept
            FROM thrown
        )
        SELECT {chosen} FROM planned WHERE is_kept AND (n = 0 OR coalesce({begins} <= DATE '{as_of}', TRUE)) ORDER BY ALL
        """
    )


def _value(feed: str, column: str, as_of: date) -> str:
    """Return the SQL of one column of a copied row."""
    name = identifier(column)
    special = _special(as_of).get((feed, column)) or _special(as_of).get(("", column))
    if special:
        return special
    if column.endswith("_id"):
        return f"{name} || CASE WHEN n = 0 THEN '' ELSE '-' || n END"
    return _day(column, as_of) if column.endswith(("_date", "_at")) else name


def _special(as_of: date) -> dict[tuple[str, str], str]:
    """Return the SQL of the columns that are not just moved, or named after the copy; of all feeds where none is named."""
    places = ", ".join(text_literal(place) for place in FACILITIES)
    doctor = f"'doctor ' || {_dice('doctor', 0)} % {sum(CLINICS.values())}"
    # What has an end to come is not over yet.
    is_going_on = f"n > 0 AND {_moved('end_date')}::DATE > DATE '{as_of}' AND status IN ('completed', 'stopped')"
    return {
        ("", "facility_id"): f"coalesce(facility_id, [{places}][place + 1])",
        ("prescriptions", "prescriber_id"): f"coalesce(prescriber_id, {doctor})",
        ("diagnoses", "encounter_id"): "encounter_id",
        ("", "sex"): "CASE WHEN n > 0 AND is_man THEN 'male' ELSE sex END",
        ("", "birth_date"): f"({_moved('birth_date')} - to_years(years))::DATE::VARCHAR",
        ("prescriptions", "status"): f"CASE WHEN {is_going_on} THEN 'active' ELSE status END",
    }


def _day(column: str, as_of: date) -> str:
    """Return the SQL of a day or time, moved. An end may be planned; nothing else is known beforehand."""
    is_known = "TRUE" if column == "end_date" else f"n = 0 OR {_moved(column)}::DATE <= DATE '{as_of}'"
    day, time = f"{_moved(column)}::DATE::VARCHAR", f"strftime({_moved(column)}, '%Y-%m-%dT%H:%M:%S')"
    return f"CASE WHEN {is_known} THEN CASE WHEN length({identifier(column)}) = 10 THEN {day} ELSE {time} END END"


def _moved(column: str) -> str:
    return f"({identifier(column)}::TIMESTAMP + to_days(days))"


def _dice(what: str, seed: int, whose: str = "patient_id, n") -> str:
    """Return SQL for a number that is the same for the same patient, copy, purpose and seed, in every version."""
    return f"('0x' || md5(concat_ws('|', {text_literal(what)}, {seed}, {whose}))[:7])::INTEGER"


def _share(what: str, seed: int, whose: str = "patient_id, n") -> str:
    """Return SQL for a number from 0 to 1, likewise."""
    return f"({_dice(what, seed, whose)} % 10000 / 10000)"
