"""The contracts (sql/extracts): on either side of every limit, what is loaded and what goes into quarantine, and why.

A case is a row that is right but for what the case says. All cases of a feed are typed in one go, through the native
source and the engine's own staging, with a few invented laboratory lists. A fault that no case provokes fails a test.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nightrounds.database import connect
from nightrounds.gate import catalogue_of
from nightrounds.sources import FEEDS, FeedSource, load_source
from nightrounds.sqlfiles import SqlFile
from nightrounds.staging import Feed, create_source_view, publish_feed, type_rows
from nightrounds.warehouse import create_macros, create_schemas

SQL = Path(__file__).parents[1] / "sql"
EXTRACTED_ON = date(2026, 3, 1)
# Five hours behind UTC in March, so that the day of a moment differs.
ZONE = "America/New_York"
Row = dict[str, str]
Fault = tuple[str, str]
Case = tuple[str, Row, set[Fault]]

RIGHT: dict[str, Row] = {
    "patients": {"patient_id": "p1", "birth_date": "1960-06-15", "sex": "female"},
    "prescriptions": {"prescription_id": "rx", "patient_id": "p1", "drug_name": "baclofen", "start_date": "2026-01-10"},
    "labs": {
        "lab_id": "lab",
        "patient_id": "p1",
        "collected_at": "2026-01-10T08:00:00",
        "test_code": "2160-0",
        "test_code_system": "loinc",
        "test_name": "Creatinine",
        "value": "1.1",
        "unit": "mg/dL",
    },
    "diagnoses": {
        "diagnosis_id": "dx",
        "patient_id": "p1",
        "code": "R25.2",
        "code_system": "icd10cm",
        "recorded_date": "2026-01-10",
    },
    "procedures": {"procedure_id": "px", "patient_id": "p1", "code": "90935", "code_system": "cpt", "performed_at": "2026-01-10"},
    "administrations": {
        "administration_id": "adm",
        "patient_id": "p1",
        "drug_name": "iron sucrose",
        "administered_at": "2026-01-10T08:00",
    },
    "dialysis_sessions": {"session_id": "dia", "patient_id": "p1", "started_at": "2026-01-10T08:00:00"},
    "encounters": {"encounter_id": "enc", "patient_id": "p1", "class": "inpatient", "started_at": "2026-01-10T08:00:00"},
}
LOCAL = {"test_code": "17", "test_code_system": "local"}


def fine(**row: str) -> Case:
    return ("", row, set())


def bad(column: str, reason: str, **row: str) -> Case:
    return (column, row, {(column, reason)})


def required(*columns: str) -> list[Case]:
    return [bad(c, "required value missing", **{c: sent}) for c in columns for sent in ("", " \t ")]


def number(column: str, low: float, high: float, step: float = 1) -> list[Case]:
    """A number between two limits, both included."""
    good = [fine(**{column: sent}) for sent in (f"{low:.9g}", f" {high:.9g} ", f"{low + step:e}")]
    out = [bad(column, "out of range", **{column: f"{x:.10g}"}) for x in (low - step, high + step)]
    no_number = ("1,5", "1,000", "NaN", "inf", "-Infinity", "1e999", "1_0", "0x1F", "ten", "5 mg", "1-2")
    return [*good, *out, *[bad(column, "unparseable number", **{column: sent}) for sent in no_number]]


def choice(column: str, *values: str) -> list[Case]:
    good = [fine(**{column: sent}) for value in values for sent in (value, f" {value.upper()} ")]
    return [*good, bad(column, "unknown value", **{column: "sometimes"}), bad(column, "unknown value", **{column: "1"})]


def event(column: str) -> list[Case]:
    """The day of an event: known, at most a day before the birth, at most a day after the extract."""
    no_date = (
        "03/04/2026",
        "20260110",
        "2026-1-9",
        "2026-02-30",
        "2026-01",
        "10.01.2026",
        "yesterday",
        "infinity",
        "2026-01-10T",
    )
    return [
        *required(column),
        *[bad(column, "unparseable date", **{column: sent}) for sent in no_date],
        *[fine(**{column: sent}) for sent in ("1960-06-14", "2026-03-02", "2026-03-03T04:30:00Z", "2026-03-02 23:59:59.9")],
        bad(column, "before birth", **{column: "1960-06-13"}),
        bad(column, "after the extract", **{column: "2026-03-03"}),
        bad(column, "after the extract", **{column: "2026-03-03T05:00:00+00:00"}),
    ]


def end(column: str, start: str) -> list[Case]:
    """An end that may be planned, and may not lie before the start."""
    return [
        *[fine(**{start: "2026-01-10", column: sent}) for sent in ("2026-01-10", "2030-01-01", "", "2026-01-10T23:00:00-05:00")],
        bad(column, "start after end", **{start: "2026-01-10", column: "2026-01-09"}),
        bad(column, "unparseable date", **{column: "never"}),
    ]


def timed_end(column: str, start: str) -> list[Case]:
    """An end with a time of day; without one it is the end of its day."""
    begun = {start: "2026-01-10T08:00:00"}
    return [
        *[case for case in end(column, start) if "2030-01-01" not in case[1].values()],
        fine(**begun, **{column: "2027-03-01"}),
        *[bad(column, "after the extract", **begun, **{column: sent}) for sent in ("2027-03-03", "9999-12-31")],
        *[fine(**begun, **{column: sent}) for sent in ("2026-01-10", "2026-01-10T08:00:00", "2026-01-10T13:00:00Z")],
        bad(column, "start after end", **begun, **{column: "2026-01-10T07:59:59"}),
        bad(column, "start after end", **begun, **{column: "2026-01-09"}),
        # The night in which summer time ends in New York: a quarter of an hour forward, and back.
        fine(**{start: "2025-11-02T05:50:00Z", column: "2025-11-02T06:05:00Z"}),
        bad(column, "start after end", **{start: "2025-11-02T06:05:00Z", column: "2025-11-02T05:50:00Z"}),
    ]


def whose(key: str) -> list[Case]:
    """What holds for the id and the patient of every row, and for a row that asks for removal."""
    quarantined = "unknown patient (its patients row is quarantined)"
    return [
        fine(),
        *required(key, "patient_id"),
        fine(patient_id=" p1 "),
        bad("patient_id", "unknown patient", patient_id="nobody"),
        bad("patient_id", quarantined, patient_id="p-unborn"),
        *choice("deleted", "true", "false"),
        bad(key, "required value missing", **{key: "", "deleted": "true"}),
        ("a removal needs its id only", {"deleted": "true", "patient_id": "nobody"}, set()),
    ]


CASES: dict[str, list[Case]] = {
    "patients": [
        fine(),
        *required("patient_id", "birth_date", "sex"),
        *[fine(birth_date=sent) for sent in ("1850-01-01", "2026-03-01", "1960-06-15 00:00:00")],
        bad("birth_date", "birth before 1850", birth_date="1849-12-31"),
        bad("birth_date", "birth in the future", birth_date="2026-03-02"),
        bad("birth_date", "unparseable date", birth_date="15.06.1960"),
        *choice("sex", "female", "male", "other", "unknown"),
        *[fine(death_date=sent) for sent in ("", "1960-06-15", "2026-03-02")],
        bad("death_date", "before birth", death_date="1960-06-14"),
        bad("death_date", "after the extract", death_date="2026-03-03"),
        bad("death_date", "unparseable date", death_date="1999"),
        *choice("deleted", "true", "false"),
        ("a removal needs its id only", {"deleted": "true", "birth_date": "", "sex": ""}, set()),
        (
            "every fault is named",
            {"birth_date": "?", "sex": "f", "death_date": "?"},
            {("birth_date", "unparseable date"), ("sex", "unknown value"), ("death_date", "unparseable date")},
        ),
    ],
    "prescriptions": [
        *whose("prescription_id"),
        fine(drug_name="", drug_code="1292"),
        bad("drug_code", "drug code or name is required", drug_name=" "),
        *choice("drug_code_system", "rxnorm", "ndc", "atc", "snomed", "local"),
        *event("start_date"),
        *end("end_date", "start_date"),
        *choice("status", "active", "completed", "stopped", "cancelled", "entered-in-error", "on-hold", "unknown"),
        *number("daily_dose_mg", 0, 1_000_000, 0.1),
        *number("dose_quantity", 0, 100_000_000, 0.1),
        *number("frequency_per_day", 0, 288, 0.1),
        *choice("as_needed", "true", "false"),
        *number("quantity", 0, 100_000, 0.1),
        *number("days_supply", 0, 3660),
        *number("refills", 0, 99),
    ],
    "labs": [
        *whose("lab_id"),
        *event("collected_at"),
        fine(test_code=""),
        fine(test_name=""),
        bad("test_code", "test code or name is required", test_code="", test_name=""),
        *choice("test_code_system", "loinc", "local"),
        *required("value"),
        # A number of a test that is used lies in the plausible range of the unit: 0.1 to 30 mg/dL, 100 umol/L being 1.13.
        *[fine(value=sent) for sent in ("0.1", " 30 ", "1e0", "+1.1", ".5", "5.")],
        # A value out of it that would lie in it in the other unit contradicts its own.
        *[bad("value", "implausible value", value=sent) for sent in ("0.09", "0", "-1.1", "2653")],
        *[bad("unit", "unit contradicts value", value=sent) for sent in ("30.1", "2652")],
        fine(value="100", unit="umol/L"),
        bad("unit", "unit contradicts value", value="1.1", unit="umol/L"),
        *[fine(value=sent) for sent in (">10", "> 10", ">=10", "≤ 0.2", "<0.2", "LESS THAN 0.4", "Greater than or equal to 2")],
        *[bad("value", "implausible value", value=sent) for sent in (">6000", "< 0.05", "GREATER THAN 3e3")],
        bad("unit", "unit contradicts value", value=">60"),
        *[
            bad("value", "not a number", value=sent)
            for sent in ("hemolyzed", "see note", "5.9 H", "1,4", "NaN", ">", "1-2", "> 5 mg")
        ],
        *[fine(unit=sent) for sent in ("MG/DL", " mg / dL ")],
        *[bad("unit", "unknown unit", unit=sent) for sent in ("", "furlong", "mmol/L")],
        ("a text is no more than a text", {"value": "hemolyzed", "unit": ""}, {("value", "not a number")}),
        # What is never used need not be usable.
        *[fine(value=v, unit=u, status="cancelled") for v, u in (("hemolyzed", ""), ("1.1", "furlong"), ("138", "mg/dL"))],
        fine(value="138", status=" Entered-In-Error "),
        bad("unit", "unit contradicts value", value="138", status="preliminary"),
        # Which tests are used: by code, and without a code by name.
        *[fine(value=sent, test_code="718-7", unit="") for sent in ("hemolyzed", "1e9", "-1", "NaN")],
        *[fine(value="see note", test_code=code) for code in ("2161-8", "9999-9")],
        *[bad("value", "not a number", value="see note", **LOCAL, test_name=n) for n in ("CREATININE", "creatinine, serum")],
        bad("value", "not a number", value="see note", **LOCAL, test_name="eGFR (creatinine)"),
        *[fine(value="see note", **LOCAL, test_name=n) for n in ("Creatinine, urine", "creatininase", "potassium creatinine")],
        *[fine(value="see note", **LOCAL, test_name=n) for n in ("eGFR stage", "eGFR stage (creatinine)")],
        bad("value", "not a number", value="see note", test_code="", test_code_system="", test_name="Creatinine (blood)"),
        fine(value="see note", test_code="u-crea", test_code_system="local"),
        *[case for c in ("reference_low", "reference_high") for case in number(c, -5, 5) if "out of range" not in str(case)],
        *choice("status", "final", "corrected", "preliminary", "cancelled", "entered-in-error"),
    ],
    "diagnoses": [
        *whose("diagnosis_id"),
        *required("code", "code_system"),
        *choice("code_system", "icd10cm", "icd9cm", "snomed"),
        *event("recorded_date"),
        *end("resolved_date", "recorded_date"),
    ],
    "procedures": [
        *whose("procedure_id"),
        *required("code", "code_system"),
        *choice("code_system", "cpt", "hcpcs", "icd10pcs", "icd9pcs", "snomed"),
        *event("performed_at"),
    ],
    "administrations": [
        *whose("administration_id"),
        fine(drug_name="", drug_code="24909"),
        bad("drug_code", "drug code or name is required", drug_name=""),
        *choice("drug_code_system", "rxnorm", "ndc", "atc", "snomed", "local"),
        *number("dose_quantity", 0, 100_000_000, 0.1),
        *event("administered_at"),
    ],
    "dialysis_sessions": [
        *whose("session_id"),
        *event("started_at"),
        *timed_end("ended_at", "started_at"),
        *number("dialysate_sodium_start", 100, 180),
        *number("dialysate_sodium_end", 100, 180),
        *choice("dialysate_buffer", "bicarbonate", "acetate"),
        *number("dialysate_temperature", 30, 42, 0.1),
        *[case for c in ("dry_weight_kg", "pre_weight_kg", "post_weight_kg") for case in number(c, 1, 500, 0.1)],
        *number("pre_systolic", 30, 350),
        *choice("cramps", "true", "false"),
        *choice("hypotension", "true", "false"),
    ],
    "encounters": [
        *whose("encounter_id"),
        *required("class"),
        *choice("class", "inpatient", "emergency", "outpatient", "virtual"),
        *event("started_at"),
        *timed_end("ended_at", "started_at"),
    ],
}
NUMBERED = [(feed, place, case) for feed, cases in CASES.items() for place, case in enumerate(cases)]


def lists(con: duckdb.DuckDBPyConnection) -> None:
    """Three analytes; urine creatinine is kept out by code, by local code and by word, the stage of an eGFR by word."""
    con.execute(
        """
        CREATE TABLE codelists.labs AS SELECT * FROM (VALUES
            ('creatinine', 'loinc', '2160-0', 'exact'), ('creatinine', 'loinc', '2161-8', 'exclude'),
            ('creatinine', 'local', 'U-CREA', 'exclude'), ('potassium', 'loinc', '2823-3', 'exact')
        ) AS t(list, system, code, match);
        CREATE TABLE codelists.lab_names AS SELECT * FROM (VALUES
            ('creatinine', 'creatinine', 'urine|24 h|egfr'), ('potassium', 'potassium', NULL), ('egfr', 'egfr', 'stage')
        ) AS t(analyte, words, excluded_words);
        CREATE TABLE codelists.lab_units AS SELECT * FROM (VALUES
            ('creatinine', 'mg/dl', '1', '0.1', '30'), ('creatinine', 'umol/l', '0.0113122', '0.1', '30'),
            ('potassium', 'mmol/l', '1', '1', '12')
        ) AS t(analyte, unit, factor, low, high);
        """
    )


def type_feed(con: duckdb.DuckDBPyConnection, source: FeedSource, rows: list[Row]) -> None:
    """Make `raw.<feed>` of some rows, which stand on lines 0, 1, 2 ..., and stage them."""
    columns = sorted(source.raw_columns[source.feed])
    declared = ", ".join(f"{column} VARCHAR" for column in columns)
    con.execute(f"CREATE TABLE raw.{source.feed} ({declared}, file VARCHAR, line BIGINT)")
    values = [[*(row.get(column) for column in columns), "rows.csv", line] for line, row in enumerate(rows)]
    con.executemany(f"INSERT INTO raw.{source.feed} VALUES ({', '.join('?' * len(values[0]))})", values)
    feed = Feed(SqlFile(SQL / "extracts" / f"{source.feed}.sql"), source, [])
    create_source_view(con, feed)
    type_rows(con, feed, {"zone": ZONE, "extracted_on": EXTRACTED_ON})
    publish_feed(con, feed)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every case of every feed, staged; the patients' own cases in a table of their own."""
    source = load_source(SQL / "sources" / "native")
    with connect() as opened:
        create_schemas(opened)
        create_macros(opened, SQL / "macros")
        lists(opened)
        opened.execute("CREATE TABLE staging.patients_quarantined AS SELECT 'p-unborn' AS patient_id")
        type_feed(opened, source["patients"], [{**RIGHT["patients"], **row} for _, row, _ in CASES["patients"]])
        opened.execute("CREATE TABLE staging.patients_cases AS FROM staging.patients; DROP TABLE raw.patients")
        type_feed(opened, source["patients"], [RIGHT["patients"]])
        for feed in FEEDS[1:]:
            type_feed(opened, source[feed], [{**RIGHT[feed], **row} for _, row, _ in CASES[feed]])
        yield opened


@pytest.mark.parametrize(("feed", "place", "case"), NUMBERED, ids=[f"{f}-{c[0]}-{c[1]}" for f, _, c in NUMBERED])
def test_faults(con: duckdb.DuckDBPyConnection, feed: str, place: int, case: Case) -> None:
    table = "patients_cases" if feed == "patients" else feed
    (faults,) = con.execute(f"SELECT coalesce(faults, []) FROM staging.{table} WHERE line = ?", [place]).fetchall()[0]
    assert sorted((f["column_name"], f["reason"]) for f in faults) == sorted(case[2])


@pytest.mark.parametrize("feed", FEEDS)
def test_every_rule_of_the_catalogue_has_a_case(con: duckdb.DuckDBPyConnection, feed: str) -> None:
    contract = SqlFile(SQL / "extracts" / f"{feed}.sql")
    rules = {(r.column_name, r.reason) for r in catalogue_of(con, feed, contract.text)} - {("", "conflicting duplicate")}
    assert set().union(*(faults for _, _, faults in CASES[feed])) == rules


@pytest.mark.parametrize("feed", FEEDS)
def test_a_contract_describes_what_it_returns_and_the_native_source_gives_all_of_it(
    con: duckdb.DuckDBPyConnection, feed: str
) -> None:
    contract = SqlFile(SQL / "extracts" / f"{feed}.sql")
    columns = [name for name, *_ in con.execute(f"DESCRIBE staging.{feed}").fetchall()]
    assert columns == list(contract.column_comments)
    source = load_source(SQL / "sources" / "native")[feed]
    made_here = {"value_number", "comparator", "analyte", "matched_by"} if feed == "labs" else set()
    assert source.raw_columns[feed] | {"file", "line", "faults"} | made_here == set(columns)
    assert source.needs == {feed: contract.required_columns}


def test_a_fault_keeps_the_value_as_it_was_sent(con: duckdb.DuckDBPyConnection) -> None:
    faults = "SELECT unnest(faults) AS f FROM staging.encounters"
    query = f"SELECT DISTINCT f.value FROM ({faults}) WHERE f.column_name = 'class' ORDER BY ALL"
    assert con.execute(query).fetchall() == [("1",), ("sometimes",), (None,)]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("1.4", (1.4, None)),
        ("1.4E-1", (0.14, None)),
        (">60", (60, ">")),
        ("≥ 60", (60, ">=")),
        ("<=.2", (0.2, "<=")),
        ("LESS THAN 0.4", (0.4, "<")),
        ("less than or equal to 3", (3, "<=")),
        ("GREATER THAN 10", (10, ">")),
        ("<1,000", (None, None)),
        ("<<5", (None, None)),
        ("hemolyzed", (None, None)),
    ],
)
def test_a_result_is_a_number_or_a_limit(
    con: duckdb.DuckDBPyConnection, sent: str, read: tuple[float | None, str | None]
) -> None:
    query = "SELECT coalesce(as_number(w), as_number(bound_in(w).number)), nullif(bound_in(w).sign, '') FROM (SELECT $w AS w)"
    value, sign = con.execute(query, {"w": sent}).fetchall()[0]
    assert (value, sign if value is not None else None) == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2026-03-01", "2026-03-01 00:00:00"),
        ("2026-03-01 10:20", "2026-03-01 10:20:00"),
        ("2026-03-01T10:20:30", "2026-03-01 10:20:30"),
        ("2026-03-01 10:20:30.123456", "2026-03-01 10:20:30.123456"),
        ("2026-03-01T02:00:00Z", "2026-02-28 21:00:00"),
        ("2026-03-01T02:00+0100", "2026-02-28 20:00:00"),
        # The first is in winter, the second in summer time.
        ("2026-03-08T06:59:00+00", "2026-03-08 01:59:00"),
        ("2026-03-08T07:00:00+00", "2026-03-08 03:00:00"),
        ("2026-03-01T10:20:60", None),
        ("2026-03-01T24:00", None),
        ("2026-03-01T10", None),
        ("2026-03-01 10:20 AM", None),
        ("2026-03-01 10:20:30 UTC", None),
        ("2026-03-01T10:20+25:00", None),
        ("-026-03-01", None),
    ],
)
def test_moments(con: duckdb.DuckDBPyConnection, sent: str, read: str | None) -> None:
    query = "SELECT as_timestamp($w, $z)::VARCHAR, as_date($w, $z)::VARCHAR"
    moment, day = con.execute(query, {"w": sent, "z": ZONE}).fetchall()[0]
    assert (moment, day) == (read, read and read[:10])


@pytest.mark.parametrize("around", ["", " ", "\t", "\r\n", "\u00a0", "\ufeff", "\u200b", " \t\u00a0 "])
@pytest.mark.parametrize("inside", ["a", "~", "é", "a b", "å\u00a0b", "-", "😀", ""])
def test_blanks_around_a_text_are_taken_off(con: duckdb.DuckDBPyConnection, around: str, inside: str) -> None:
    read: Any = con.execute("SELECT clean_text($w)", {"w": around + inside + around}).fetchall()[0][0]
    assert read == (inside or None)
