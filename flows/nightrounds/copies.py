"""Copies of the cases' patients for an invented extract: other people, at other times, in other places.

A case's own patient is a woman, often of 66, who falls ill in one of a few months: all that her rule asks of her. The copies
make a hospital of such patients. They are men as well, of all ages on the same side of 65, and their index dates lie evenly
over two years, so that a month has as many findings as another. What has not begun on the extract's day is left out.
One thing is planted here: the last facility has more findings than its part.
"""

from collections.abc import Sequence
from datetime import date

import duckdb

from nightrounds.copyplans import BEGINS, DAYS_BACK
from nightrounds.database import identifier, text_literal

# Multiples of this number, less the whole numbers in them, lie evenly between 0 and 1 however many they are.
GOLDEN = 0.6180339887
FACILITIES = ("north", "south", "east", "west", "central", "riverside")
# Where prescribers work, with their numbers.
CLINICS = {
    "Family medicine": 14, "Internal medicine": 9, "Geriatrics": 6, "Rehabilitation": 5, "Kidney centre": 4, "Orthopaedics": 2,
}  # fmt: skip
AT_LAST, ELSEWHERE = 2.0, 0.8
# Percent of the copies that are men where the case leaves it open, and percent of them that are younger than 65 where it says
# no age.
MEN, YOUNGER = 80, 25


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
