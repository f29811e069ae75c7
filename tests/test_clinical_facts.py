"""Clinical facts: ages, laboratory values, renal function, dialysis, pregnancy, spasticity, cramps and who is in hospice care.

Every test writes a few rows of the typed feeds by hand, builds the one fact it is about (and what that reads) from the
project's own SQL and code lists, and says what must come of it. Patients are `p`, born on 1960-01-01, female, unless said.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import duckdb
import pytest

from nightrounds.codelists import load_codelists
from nightrounds.database import connect
from nightrounds.project import find_project
from nightrounds.sources import FEEDS
from nightrounds.sqlfiles import SqlFile, Value
from nightrounds.warehouse import build_table, create_macros, create_schemas, fact_parameters

PROJECT = find_project()
AS_OF = date(2026, 3, 1)
NUMBERS = {
    "daily_dose_mg", "dose_quantity", "frequency_per_day", "quantity", "days_supply", "refills", "reference_low",
    "reference_high", "value_number", "dialysate_sodium_start", "dialysate_sodium_end", "dialysate_temperature",
    "dry_weight_kg", "pre_weight_kg", "post_weight_kg", "pre_systolic",
}  # fmt: skip
BOOLEANS = {"as_needed", "cramps", "hypotension"}
EGFR = {"analyte": "egfr", "unit": "mL/min/1.73 m2", "status": "final"}
CREATININE = {"analyte": "creatinine", "unit": "mg/dL", "status": "final"}
Row = dict[str, Any]
Facts = Callable[..., list[Row]]


def column_type(name: str) -> str:
    """Type of a native column, as the feeds' description says."""
    if name in NUMBERS:
        return "DOUBLE"
    if name in BOOLEANS:
        return "BOOLEAN"
    return {"date": "DATE", "at": "TIMESTAMP"}.get(name.rsplit("_", 1)[-1], "VARCHAR")


@cache
def sql_file(table: str) -> SqlFile:
    """Find the file that makes `schema.table`."""
    schema, name = table.split(".")
    (path,) = (PROJECT.sql / schema).rglob(f"{name}.sql")
    return SqlFile(path)


def build(con: duckdb.DuckDBPyConnection, table: str, values: dict[str, Value], done: set[str]) -> None:
    """Build a table after everything in clean and facts that it reads."""
    schema = table.partition(".")[0]
    if table in done or schema not in ("clean", "facts"):
        return
    for read in sorted(sql_file(table).tables):
        build(con, read, values, done)
    build_table(con, schema, sql_file(table), values)
    done.add(table)


@pytest.fixture(scope="module")
def house() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as con:
        create_schemas(con)
        create_macros(con, PROJECT.sql / "macros")
        load_codelists(con, PROJECT.rules / "codelists")
        for feed in FEEDS:
            names = sql_file(f"extracts.{feed}").column_comments
            columns = {n: column_type(n) for n in names if n not in ("file", "line", "deleted", "faults")}
            declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            con.execute(f"CREATE TABLE extracts.{feed} ({declared}, file VARCHAR, line BIGINT)")
        yield con


@pytest.fixture
def facts(house: duckdb.DuckDBPyConnection) -> Facts:
    """Return a function that takes a fact (or `clean.table`) and rows by feed and gives the table's rows, in order."""

    def of(fact: str, *, as_of: date = AS_OF, quinine: list[Row] | None = None, **feeds: list[Row]) -> list[Row]:
        rows: dict[str, list[Row]] = {"patients": [{}], **feeds}
        table = fact if "." in fact else f"facts.{fact}"
        for feed in FEEDS:
            house.execute(f"DELETE FROM extracts.{feed}")
            for number, row in enumerate(rows.get(feed, []), start=1):
                insert(house, feed, number, row)
        given = {"facts.prescriptions"} if quinine is not None else set()
        prescribed(house, quinine or [])
        values: dict[str, Value] = {**fact_parameters(PROJECT.rules), "as_of": as_of}
        build(house, table, values, given)
        reader = house.execute(f"SELECT * FROM {table} ORDER BY ALL")
        names = [name for name, *_ in reader.description]
        return [dict(zip(names, row, strict=True)) for row in reader.fetchall()]

    return of


def insert(con: duckdb.DuckDBPyConnection, feed: str, number: int, row: Row) -> None:
    """Add one row to a feed; the first column (its id) and the patient are filled in."""
    key = next(iter(sql_file(f"extracts.{feed}").column_comments))
    filled: Row = {key: f"{feed}-{number}", "patient_id": "p", "file": f"{feed}.csv", "line": number + 1}
    if feed == "patients":
        filled |= {"patient_id": "p", "birth_date": date(1960, 1, 1), "sex": "female"}
    filled |= row
    places = ", ".join("?" * len(filled))
    con.execute(f"INSERT INTO extracts.{feed} ({', '.join(filled)}) VALUES ({places})", list(filled.values()))


def prescribed(con: duckdb.DuckDBPyConnection, rows: list[Row]) -> None:
    """Stand in for facts.prescriptions with rows of quinine."""
    con.execute(
        "CREATE OR REPLACE TABLE facts.prescriptions (row_id VARCHAR, patient_id VARCHAR, ingredient VARCHAR, "
        "daily_dose_mg DOUBLE, start_date DATE, end_date DATE, drug_name VARCHAR)"
    )
    for row in rows:
        filled = {"row_id": "rx1", "patient_id": "p", "ingredient": "quinine", "drug_name": "quinine 324 mg", **row}
        names, places = ", ".join(filled), ", ".join("?" * len(filled))
        con.execute(f"INSERT INTO facts.prescriptions ({names}) VALUES ({places})", list(filled.values()))


def one(con: duckdb.DuckDBPyConnection, expression: str, *values: Any) -> Any:
    """Value of one SQL expression."""
    return con.execute(f"SELECT {expression}", list(values)).fetchall()[0][0]


def lab(kind: Row, day: date, value: float | str, **more: Any) -> Row:
    """One result at 08:00; `value` is a number or a limit such as `>60`."""
    sent = str(value)
    number = float(sent.lstrip("<>="))
    at = datetime(day.year, day.month, day.day, 8)  # noqa: DTZ001 (samples carry the site's own time)
    limit = sent[: len(sent) - len(sent.lstrip("<>="))] or None
    return {**kind, "collected_at": at, "value": sent, "value_number": number, "comparator": limit, **more}


def coded(code: str, day: date, system: str = "icd10cm") -> Row:
    """One diagnosis."""
    return {"code": code, "code_system": system, "recorded_date": day}


def done(code: str, day: date, system: str = "cpt") -> Row:
    """One procedure."""
    return {"code": code, "code_system": system, "performed_at": datetime(day.year, day.month, day.day)}  # noqa: DTZ001


# --- macros


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(1950, 3, 10), date(2015, 3, 9), 64),
        (date(1950, 3, 10), date(2015, 3, 10), 65),
        (date(1950, 12, 31), date(2016, 1, 1), 65),
        (date(2000, 2, 29), date(2018, 2, 28), 17),
        (date(2000, 2, 29), date(2018, 3, 1), 18),
        (date(2000, 2, 29), date(2020, 2, 29), 20),
    ],
)
def test_age_is_in_full_years_by_month_and_day(house: duckdb.DuckDBPyConnection, birth: date, day: date, age: int) -> None:
    assert one(house, "age_on(CAST(? AS DATE), CAST(? AS DATE))", birth, day) == age


# Worked values of the 2021 CKD-EPI creatinine equation, computed from the published constants (Inker et al., N Engl J Med
# 2021;385:1737, as printed on kidney.org) and equal, after rounding, to those of the PyPI package clincalc 0.4.0.
WORKED = [
    ("female", 25, 0.5, 133.4014), ("female", 30, 0.7, 119.2446), ("female", 55, 0.9, 75.4988), ("female", 60, 1.0, 64.4950),
    ("female", 70, 1.2, 48.6966), ("female", 65, 1.5, 38.4336), ("female", 72, 2.0, 26.0542), ("female", 80, 2.8, 16.5545),
    ("female", 58, 4.5, 10.7417), ("female", 45, 9.0, 5.0693),
    ("male", 25, 0.5, 145.1628), ("male", 30, 0.9, 117.8306), ("male", 55, 1.0, 88.8841), ("male", 60, 1.2, 69.2311),
    ("male", 70, 1.4, 54.0699), ("male", 65, 1.8, 41.2560), ("male", 72, 2.0, 34.8073), ("male", 80, 2.8, 22.1161),
    ("male", 58, 4.5, 14.3505), ("male", 45, 9.0, 6.7724),
]  # fmt: skip


@pytest.mark.parametrize(("sex", "age", "creatinine", "egfr"), WORKED)
def test_ckd_epi_gives_the_worked_values(
    house: duckdb.DuckDBPyConnection, sex: str, age: int, creatinine: float, egfr: float
) -> None:
    assert one(house, "egfr_ckd_epi_2021(?, ?, ?)", creatinine, age, sex) == pytest.approx(egfr, abs=5e-5)


@pytest.mark.parametrize(
    ("creatinine", "age", "sex"), [(1.0, 17, "female"), (1.0, 60, "other"), (1.0, 60, "unknown"), (0.0, 60, "male")]
)
def test_ckd_epi_is_not_derivable_for_some(house: duckdb.DuckDBPyConnection, creatinine: float, age: int, sex: str) -> None:
    assert one(house, "egfr_ckd_epi_2021(?, ?, ?)", creatinine, age, sex) is None


@pytest.mark.parametrize(
    "text",
    [
        "leg cramps", "Nocturnal leg cramps", "muscle cramping", "night-time cramps", "calf cramps", "cramps in both legs",
        "Cramps (legs)", "cramp of limb", "cramps at night", "take 1 tablet at bedtime as needed for leg cramps",
        "take one tablet nightly if leg cramps occur", "to stop leg cramps", "no more than 1 daily for leg cramps",
        "menstrual cramps and leg cramps", "leg cramps not relieved by stretching", "muscle pain/cramps", "leg and foot cramps",
    ],
)  # fmt: skip
def test_a_text_names_leg_cramps(house: duckdb.DuckDBPyConnection, text: str) -> None:
    assert one(house, "names_leg_cramp(?)", text) is True


@pytest.mark.parametrize(
    "text",
    [
        "menstrual cramps", "abdominal cramps", "stomach cramps", "abdominal muscle cramps", "period cramps at night",
        "for cramps", "take 1 at night for cramps", "no leg cramps", "no muscle or leg cramps", "denies leg cramps",
        "without nocturnal leg cramps", "leg cramps: none", "leg cramps denied", "not for leg cramps", "may cause leg cramps",
        "call if muscle cramps occur", "report muscle pain, weakness or cramps", "stop if leg cramps develop",
        "side effects include muscle cramps", "muscle spasm", "restless legs", "leg pain",
    ],
)  # fmt: skip
def test_a_text_does_not_name_leg_cramps(house: duckdb.DuckDBPyConnection, text: str) -> None:
    assert one(house, "names_leg_cramp(?)", text) is False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("spasticity", True), ("Spastic paraplegia", True), ("muscle spasticity due to MS", True), ("muscle spasm", False),
        ("spastic colon", False), ("no spasticity", False), ("muscle spasms without spasticity", False), ("non-spastic", False),
    ],
)  # fmt: skip
def test_a_text_names_spasticity(house: duckdb.DuckDBPyConnection, text: str, *, expected: bool) -> None:
    assert one(house, "names_spasticity(?)", text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("P. falciparum malaria", True), ("malaria prophylaxis", False), ("history of malaria", False), ("antimalarial", False)],
)
def test_a_text_names_malaria(house: duckdb.DuckDBPyConnection, text: str, *, expected: bool) -> None:
    assert one(house, "names_malaria(?)", text) is expected


# --- codes


def conditions_of(rows: list[Row]) -> set[tuple[str, str]]:
    """Code and list of each row."""
    return {(row["code"], row["condition"]) for row in rows}


def test_a_header_covers_the_codes_below_it_with_or_without_dot(facts: Facts) -> None:
    day = date(2026, 1, 1)
    rows = facts("conditions", diagnoses=[coded(code, day) for code in ("B50.0", "b509", "B5", "B55.0")])
    assert conditions_of(rows) == {("B50.0", "malaria"), ("b509", "malaria")}


def test_an_exact_code_does_not_cover_what_is_below_it(facts: Facts) -> None:
    rows = facts("conditions", diagnoses=[coded("R25.2", date(2026, 1, 1)), coded("R25.21", date(2026, 1, 1))])
    assert ("R25.21", "leg_cramps") not in conditions_of(rows)
    assert ("R25.2", "leg_cramps") in conditions_of(rows)


def test_a_code_is_compared_within_its_own_system(facts: Facts) -> None:
    rows = facts(
        "conditions", diagnoses=[coded("G47.62", date(2026, 1, 1), "icd9cm"), coded("327.52", date(2026, 1, 1), "icd9cm")]
    )
    assert conditions_of(rows) == {("327.52", "leg_cramps")}


def test_nothing_dated_after_the_audit_is_a_fact(facts: Facts) -> None:
    rows = [coded("R25.2", AS_OF), coded("R25.2", AS_OF + timedelta(1))]
    assert [row["day"] for row in facts("conditions", diagnoses=rows) if row["condition"] == "leg_cramps"] == [AS_OF]


# --- laboratory


def test_units_are_turned_into_the_canonical_one_and_the_own_value_is_kept(facts: Facts) -> None:
    magnesium = {"analyte": "magnesium", "unit": "mmol/L", "status": "final"}
    (row,) = facts("labs", labs=[lab(magnesium, date(2026, 1, 1), 0.7)])
    assert (row["analyte"], row["unit"], row["own_value"], row["own_unit"]) == ("magnesium", "mg/dL", 0.7, "mmol/L")
    assert row["value"] == pytest.approx(1.70135, abs=1e-4)


def test_results_that_cannot_be_used_are_not_facts(facts: Facts) -> None:
    day = date(2026, 1, 1)
    labs = [
        lab(CREATININE, day, 1.0, status="preliminary"),
        lab(CREATININE, day, 1.1, status="cancelled"),
        lab(CREATININE, day, 1.2, status="entered-in-error"),
        lab(CREATININE, day, 1.3, unit="furlong"),
        lab(CREATININE, day, 900.0),
        lab(CREATININE, AS_OF + timedelta(1), 1.4),
        {**lab(CREATININE, day, 1.5), "value": "hemolyzed", "value_number": None},
    ]
    assert [row["own_value"] for row in facts("labs", labs=labs)] == [1.0]


# --- renal function


@pytest.mark.parametrize(
    ("sent", "egfr", "comparator"),
    [
        ("44.6", 44.6, None), (">60", 60, ">"), (">=60", 60, ">="), (">59", 60, ">="), (">90", 90, ">"), ("<15", 14.9, "<"),
        ("<=14", 14, "<="), ("<10", 9.9, "<"), (">14", None, None), ("<60", None, None), (">45", None, None),
        ("<=15", None, None), ("<30", None, None), (">58", None, None),
    ],
)  # fmt: skip
def test_a_limit_is_usable_only_inside_one_band(facts: Facts, sent: str, egfr: float | None, comparator: str | None) -> None:
    rows = facts("renal_function", labs=[lab(EGFR, date(2026, 1, 1), sent)])
    assert [(row["egfr"], row["comparator"]) for row in rows] == ([] if egfr is None else [(pytest.approx(egfr), comparator)])


def test_an_unusable_limit_falls_back_on_the_days_creatinine(facts: Facts) -> None:
    day = date(2026, 1, 1)
    (row,) = facts("renal_function", labs=[lab(EGFR, day, "<60"), lab(CREATININE, day, 1.2)])
    assert (row["origin"], row["row_id"]) == ("derived", "labs-2")
    assert row["egfr"] == pytest.approx(142 * 1.012 * (1.2 / 0.7) ** -1.2 * 0.9938**66)


def test_a_reported_value_is_preferred_and_of_several_the_last(facts: Facts) -> None:
    day = date(2026, 1, 1)
    later = lab(EGFR, day, 50.0, collected_at=datetime(2026, 1, 1, 9))  # noqa: DTZ001
    labs = [lab(CREATININE, day, 1.0, collected_at=datetime(2026, 1, 1, 20)), later, lab(EGFR, day, 55.0)]  # noqa: DTZ001
    (row,) = facts("renal_function", labs=labs)
    assert (row["egfr"], row["origin"], row["row_id"], row["creatinine_mg_dl"]) == (50.0, "reported", "labs-2", 1.0)


def test_at_one_moment_the_higher_row_id_counts(facts: Facts) -> None:
    day = date(2026, 1, 1)
    (row,) = facts("renal_function", labs=[lab(EGFR, day, 50.0), lab(EGFR, day, 55.0)])
    assert row["row_id"] == "labs-2"


@pytest.mark.parametrize(
    ("patient", "derivable"),
    [
        ({"birth_date": date(2008, 1, 1)}, True),
        ({"birth_date": date(2008, 1, 2)}, False),
        ({"sex": "other"}, False),
        ({"sex": "unknown"}, False),
        ({"sex": "male"}, True),
    ],
)
def test_only_adults_of_known_sex_have_a_derived_value(facts: Facts, patient: Row, *, derivable: bool) -> None:
    rows = facts("renal_function", patients=[patient], labs=[lab(CREATININE, date(2026, 1, 1), 1.0)])
    assert bool(rows) is derivable


@pytest.mark.parametrize(
    ("days", "value", "unstable"),
    [(7, 1.5, True), (8, 1.5, False), (7, 1.49, False), (1, 3.0, True)],
)
def test_a_rise_to_one_and_a_half_times_in_seven_days_is_unstable(
    facts: Facts, days: int, value: float, *, unstable: bool
) -> None:
    day = date(2026, 1, 10)
    labs = [lab(CREATININE, day - timedelta(days), 1.0), lab(CREATININE, day, value)]
    assert [row["unstable"] for row in facts("renal_function", labs=labs)] == [False, unstable]


def test_a_rise_survives_the_change_of_units_and_a_fall_is_no_rise(facts: Facts) -> None:
    micro = {**CREATININE, "unit": "umol/L"}
    labs = [lab(micro, date(2026, 1, 1), 88.4), lab(micro, date(2026, 1, 2), 132.6), lab(micro, date(2026, 1, 3), 88.4)]
    assert [row["unstable"] for row in facts("renal_function", labs=labs)] == [False, True, False]


@pytest.mark.parametrize(
    ("code", "stage", "stand_in"),
    [("N18.31", "3a", 52), ("N18.32", "3b", 37), ("N18.4", "4", 22), ("N18.5", "5", 10), ("N18.6", "5", 10)],
)
def test_a_stage_stands_in_for_an_egfr(facts: Facts, code: str, stage: str, stand_in: float) -> None:
    (row,) = facts("renal_codes", diagnoses=[coded(code, date(2026, 1, 1))])
    assert (row["stage"], row["egfr_stand_in"]) == (stage, stand_in)


@pytest.mark.parametrize("code", ["N18.1", "N18.2", "N18.30", "N18.9"])
def test_a_code_of_no_single_band_does_not(facts: Facts, code: str) -> None:
    assert facts("renal_codes", diagnoses=[coded(code, date(2026, 1, 1))]) == []


# --- dialysis


def test_a_session_and_a_procedure_hold_for_ninety_days(facts: Facts) -> None:
    day = date(2025, 11, 1)
    session = {"started_at": datetime(2025, 11, 1, 9)}  # noqa: DTZ001
    for row in facts("dialysis", dialysis_sessions=[session], procedures=[done("90935", day)]):
        assert (row["from_day"], row["to_day"]) == (day, day + timedelta(90))


def test_dependence_holds_for_ever_and_end_stage_disease_alone_is_not_dialysis(facts: Facts) -> None:
    rows = facts("dialysis", diagnoses=[coded("Z99.2", date(2020, 1, 1)), coded("N18.6", date(2019, 1, 1))])
    assert [(row["from_day"], row["to_day"], row["feed"]) for row in rows] == [
        (date(2020, 1, 1), date(9999, 12, 31), "diagnoses")
    ]


@pytest.mark.parametrize(
    ("transplant", "ends"),
    [
        ({"procedures": [done("50360", date(2025, 12, 1))]}, date(2025, 11, 30)),
        ({"diagnoses": [coded("Z94.0", date(2025, 12, 1))]}, date(2025, 11, 30)),
        ({"procedures": [done("50360", date(2019, 12, 1))]}, date(9999, 12, 31)),
        ({"diagnoses": [coded("T86.12", date(2025, 12, 1))]}, date(9999, 12, 31)),
    ],
    ids=["transplanted later", "coded as transplanted later", "transplanted before", "the graft failed"],
)
def test_a_later_transplant_ends_dialysis(facts: Facts, transplant: dict[str, list[Row]], ends: date) -> None:
    diagnoses = [coded("Z99.2", date(2020, 1, 1)), *transplant.get("diagnoses", [])]
    rows = facts("dialysis", diagnoses=diagnoses, procedures=transplant.get("procedures", []))
    assert [row["to_day"] for row in rows] == [ends]


# --- pregnancy


def spans(rows: list[Row]) -> list[tuple[date, date]]:
    """First and last day of each pregnancy."""
    return [(row["start_date"], row["end_date"]) for row in rows]


START = date(2025, 1, 1)


def test_a_pregnancy_without_an_end_has_280_days(facts: Facts) -> None:
    assert spans(facts("pregnancies", diagnoses=[coded("Z34.01", START)])) == [(START, START + timedelta(279))]


def test_a_delivery_ends_a_pregnancy_on_its_day(facts: Facts) -> None:
    codes = [coded("Z34.01", START), coded("Z34.02", START + timedelta(50)), coded("O80", START + timedelta(100))]
    assert spans(facts("pregnancies", diagnoses=codes)) == [(START, START + timedelta(100))]


@pytest.mark.parametrize("code", ["O80", "Z37.0", "Z39.2"])
def test_an_end_alone_makes_no_pregnancy(facts: Facts, code: str) -> None:
    assert facts("pregnancies", diagnoses=[coded(code, START)]) == []


@pytest.mark.parametrize(("gap", "pregnancies"), [(60, 1), (61, 2)])
def test_sixty_days_without_a_code_begin_another_pregnancy(facts: Facts, gap: int, pregnancies: int) -> None:
    codes = [coded("Z34.01", START), coded("Z34.02", START + timedelta(gap))]
    assert len(facts("pregnancies", diagnoses=codes)) == pregnancies


def test_a_code_after_an_end_begins_another_pregnancy(facts: Facts) -> None:
    codes = [coded("Z34.01", START), coded("O80", START + timedelta(10)), coded("Z34.01", START + timedelta(50))]
    expected = [(START, START + timedelta(10)), (START + timedelta(50), START + timedelta(50 + 279))]
    assert spans(facts("pregnancies", diagnoses=codes)) == expected


def test_history_and_denial_are_no_pregnancy(facts: Facts) -> None:
    codes = [coded("271903000", START, "snomed"), coded("60001007", START, "snomed")]
    assert facts("pregnancies", diagnoses=codes) == []


# --- spasticity


@pytest.mark.parametrize("code", ["G35", "G35.A", "G80.0", "G81.10", "G82.20", "G11.4", "G12.21", "I69.351", "S14.109S"])
def test_a_code_is_evidence_of_spasticity(facts: Facts, code: str) -> None:
    rows = facts("spasticity", diagnoses=[coded(code, date(2020, 1, 1))])
    assert {(row["day"], row["feed"]) for row in rows} == {(date(2020, 1, 1), "diagnoses")}


@pytest.mark.parametrize("code", ["R25.2", "G95.9", "I69.320", "G81.00", "R53.2", "M62.40"])
def test_a_code_is_no_evidence_of_spasticity(facts: Facts, code: str) -> None:
    assert facts("spasticity", diagnoses=[coded(code, date(2020, 1, 1))]) == []


def test_an_indication_is_evidence_of_spasticity(facts: Facts) -> None:
    rx = {"start_date": date(2025, 1, 1), "status": "active"}
    prescriptions = [
        {**rx, "indication_code": "G35", "indication_code_system": "icd10cm"},
        {**rx, "indication_text": "Spasticity"},
        {**rx, "indication_text": "muscle spasm"},
        {**rx, "indication_text": "spasticity", "status": "entered-in-error"},
    ]
    rows = facts("spasticity", prescriptions=prescriptions)
    assert {row["row_id"] for row in rows} == {"prescriptions-1", "prescriptions-2"}


# --- cramps


def tiers(rows: list[Row]) -> set[tuple[str, str]]:
    """Tier and source row of each piece of evidence."""
    return {(row["tier"], row["row_id"]) for row in rows}


def test_codes_are_tier_a_wherever_they_stand(facts: Facts) -> None:
    indication = {"start_date": date(2025, 1, 1), "indication_code": "G47.62", "indication_code_system": "icd10cm"}
    codes = [coded(c, date(2025, 1, 1)) for c in ("R25.2", "M62.831", "M62.830")]
    rows = facts("cramp_evidence", diagnoses=codes, prescriptions=[indication], quinine=[])
    assert tiers(rows) == {("A", "diagnoses-1"), ("A", "diagnoses-2"), ("A", "prescriptions-1")}


def test_texts_are_tier_b_unless_the_prescription_was_a_mistake(facts: Facts) -> None:
    rx = {"start_date": date(2025, 1, 1)}
    prescriptions = [
        {**rx, "sig": "1 tablet at night for leg cramps"},
        {**rx, "indication_text": "muscle cramps"},
        {**rx, "indication_text": "menstrual cramps", "sig": "no leg cramps"},
        {**rx, "sig": "for leg cramps", "status": "cancelled"},
    ]
    rows = facts("cramp_evidence", prescriptions=prescriptions, quinine=[])
    assert tiers(rows) == {("B", "prescriptions-1"), ("B", "prescriptions-2")}


@pytest.mark.parametrize(
    ("quinine", "diagnoses", "inferred"),
    [
        ({}, [], True),
        ({}, [coded("B50.9", date(2025, 1, 1))], True),
        ({}, [coded("B50.9", date(2025, 1, 2))], False),
        ({}, [coded("B50.9", date(2024, 12, 2)), coded("B60.00", date(2020, 1, 1))], True),
        ({}, [coded("161416007", date(2025, 2, 1), "snomed")], True),
        ({"daily_dose_mg": 1500, "end_date": date(2025, 2, 10)}, [], False),
        ({"daily_dose_mg": 1499, "end_date": date(2025, 2, 10)}, [], True),
        ({"daily_dose_mg": 1500, "end_date": date(2025, 2, 11)}, [], True),
    ],
)
def test_quinine_without_an_antimalarial_reason_is_tier_c(
    facts: Facts, quinine: Row, diagnoses: list[Row], *, inferred: bool
) -> None:
    row = {"start_date": date(2025, 2, 1), "end_date": date(2025, 3, 2), "daily_dose_mg": 324, **quinine}
    assert [r["tier"] for r in facts("cramp_evidence", diagnoses=diagnoses, quinine=[row])] == (["C"] if inferred else [])


# --- people


def test_the_first_and_the_last_day_of_any_feed_are_known(facts: Facts) -> None:
    (row,) = facts(
        "people",
        diagnoses=[coded("R25.2", date(2024, 5, 1)), coded("R25.2", AS_OF + timedelta(1))],
        prescriptions=[{"start_date": date(2023, 5, 1), "status": "cancelled"}],
        encounters=[{"class": "outpatient", "started_at": datetime(2026, 2, 1, 12)}],  # noqa: DTZ001
    )
    assert (row["first_seen"], row["last_seen"]) == (date(2023, 5, 1), date(2026, 2, 1))


@pytest.mark.parametrize(
    ("feeds", "hospice_from"),
    [
        ({"diagnoses": [coded("Z51.5", date(2025, 5, 2))]}, date(2025, 5, 2)),
        ({"procedures": [done("385763009", date(2025, 5, 3), "snomed")]}, date(2025, 5, 3)),
        ({"diagnoses": [coded("103735009", date(2025, 5, 4), "snomed"), coded("Z51.5", date(2025, 5, 2))]}, date(2025, 5, 2)),
        ({"diagnoses": [coded("Z66", date(2025, 5, 2))]}, None),
    ],
    ids=["ICD-10-CM", "a procedure", "the earlier of two", "a do-not-resuscitate code is not hospice"],
)
def test_hospice_begins_with_its_first_record(facts: Facts, feeds: dict[str, list[Row]], hospice_from: date | None) -> None:
    (row,) = facts("people", **feeds)
    assert row["hospice_from"] == hospice_from


def test_what_happens_after_the_audit_is_not_known_yet(facts: Facts) -> None:
    after = AS_OF + timedelta(1)
    stay = {"class": "inpatient", "started_at": datetime(2026, 2, 27, 12), "ended_at": datetime(2026, 3, 2, 9)}  # noqa: DTZ001
    (person,) = facts("people", patients=[{"death_date": after}])
    (encounter,) = facts("encounters", encounters=[stay])
    assert (person["death_date"], encounter["ended_at"], encounter["ended_on"]) == (None, None, None)
