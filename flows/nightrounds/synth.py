"""Invented extracts: the rules' own cases as patients, copied into the past, with what must be found in them.

Every case of every rule becomes a patient whose dates are moved so that the case's `as_of` falls on the extract's day:
its findings and near-misses, and the answers to them, are those of cases.toml. Copies of these patients, moved back by
up to two years, give months, places and prescribers something to show; for them there are no answers. Patients without
a finding are copied more often than those with one, as in life; one facility has more findings than the others, and the last
half year fewer than the time before, so that charts have something to tell.
"""

import csv
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from nightrounds.cases import PATIENT, PREFIX, Case, case_rows, read_cases
from nightrounds.database import connect, identifier, text_literal
from nightrounds.project import Project
from nightrounds.rules import load_rules
from nightrounds.sources import FEEDS, load_source
from nightrounds.sqlfiles import SqlFile

# Months over which the copies are spread.
DAYS_BACK = 700
FACILITIES = ("north", "south", "east", "west", "central", "riverside")
# Copies of a case without a finding for each copy of one with a finding.
WITHOUT_FINDING = 3
# Percent of the copies with a finding that are kept: at the last facility, at the others, and fewer in the last half year.
KEPT_AT_LAST, KEPT, LESS_OF_LATE, LATE_DAYS = 95, 55, 25, 180


def synthesise(project: Project, out: Path, as_of: date, patients: int, seed: int, *, kind: str = "csv") -> int:
    """Write an extract of up to so many patients (at least one a case), its extract.json and its answers.

    Returns the number of patients. `kind` is csv or parquet. The same arguments give the same files.
    """
    plain = [case for rule in load_rules(project.rules) for case in read_cases(rule) if _is_plain(case, as_of)]
    cases = [replace(case, alias=f"P{number:05d}") for number, case in enumerate(plain, start=1)]
    native = load_source(project.sql / "sources" / "native")
    copies = max(0, patients - len(cases)) // sum(1 if _has_finding(case) else WITHOUT_FINDING for case in cases)
    written = 0
    out.mkdir(parents=True, exist_ok=True)
    with connect() as con:
        for feed in FEEDS:
            contract = SqlFile(project.sql / "extracts" / f"{feed}.sql")
            columns = [c for c in contract.column_comments if c in native[feed].raw_columns[feed] - {"deleted"}]
            _read_rows(con, contract, columns, cases, as_of)
            _copy_rows(con, feed, columns, copies, seed)
            target = text_literal(str(out / f"{feed}.{kind}"))
            if feed == "patients":
                written = int(con.execute("SELECT count(*) FROM written").fetchall()[0][0])
            con.execute(f"COPY written TO {target} ({'HEADER' if kind == 'csv' else 'FORMAT parquet'})")
    if kind == "csv":
        _write_faults(out, as_of)
    _write_answers(out / "answers.csv", cases, as_of)
    about = {"extracted_at": f"{as_of}T02:00:00", "mode": "snapshot", "covers": dict.fromkeys(FEEDS, as_of.isoformat())}
    (out / "extract.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return written


def _write_faults(out: Path, as_of: date) -> None:
    """Write a second part of two feeds with the kinds of rows that a hospital sends by mistake."""
    day, us_day = as_of.isoformat(), as_of.strftime("%m/%d/%Y")
    lab = "2160-0,loinc,Creatinine"
    (out / "labs-0002.csv").write_text(
        "lab_id,patient_id,collected_at,test_code,test_code_system,test_name,value,unit\n"
        f"L1,P00001,{day}T08:00:00,{lab},hemolyzed,mg/dL\n"
        f"L2,P00001,{us_day},{lab},1.1,mg/dL\n"
        f"L3,P99999,{day}T08:00:00,{lab},1.1,mg/dL\n"
        f"L4,P00001,{day}T08:00:00,{lab},0.9,umol/L\n"
        f"L5,P00001,{day}T08:00:00,{lab},1.1,furlongs\n"
        f"L6,P00001,{day}T08:00:00,{lab}\n"
        f"L7,P00001,{day}T08:00:00,{lab},1.0,mg/dL\nL7,P00001,{day}T08:00:00,{lab},1.0,mg/dL\n",
        encoding="utf-8",
    )
    (out / "prescriptions-0002.csv").write_text(
        "prescription_id,patient_id,drug_name,start_date,end_date,status\n"
        f"R1,P00001,=HYPERLINK('x') baclofen,{day},2020-01-01,active\n"
        f"R2,P00001,,{day},,active\n"
        f"R3,P00001,lisinopril 10 mg tablet,{day},,active\nR3,P00001,lisinopril 20 mg tablet,{day},,active\n",
        encoding="utf-8",
    )


def _is_plain(case: Case, as_of: date) -> bool:
    """Tell whether a case can live in a common extract: all feeds delivered, parameters as they are, no birthday lost."""
    alone = any(case.content.get(key) for key in ("covers", "absent", "parameters"))
    return not alone and _keeps_ages(case, as_of - case.as_of)


def _has_finding(case: Case) -> bool:
    return any(unit["outcome"] == "finding" for unit in case.content["expect"])


def _keeps_ages(case: Case, moved: timedelta) -> bool:
    """Tell whether the patient is as old as before on every day of the case when all its dates are moved.

    Moving by days is not moving by years: a birthday that a case turns on can slip to the other side.
    """
    birth = case.content.get("patient", {}).get("birth_date", PATIENT["birth_date"])
    rows = [row for feed in PREFIX for row in case.content[feed]] + case.content["expect"]
    dates = [value for row in rows for value in row.values() if isinstance(value, date)]
    days = [value.date() if isinstance(value, datetime) else value for value in dates]
    aged = all(_age(birth, day) == _age(birth + moved, day + moved) for day in [*days, case.as_of])
    return aged and (birth.month, birth.day) != (2, 29)


def _age(birth: date, day: date) -> int:
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def _read_rows(con: duckdb.DuckDBPyConnection, contract: SqlFile, columns: list[str], cases: Sequence[Case], as_of: date) -> None:
    """Put the cases' rows of one feed into table `base`, as text, with the days by which each patient is moved."""
    key = next(iter(contract.column_comments))
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "rows.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [*columns, "moved", "is_finding"], extrasaction="ignore")
            writer.writeheader()
            for case in cases:
                moved = (as_of - case.as_of).days
                added = {"moved": moved, "is_finding": _has_finding(case)}
                writer.writerows(row | added for row in case_rows(case, contract.table, key))
        con.execute(
            f"CREATE OR REPLACE TABLE base AS FROM read_csv({text_literal(str(path))}, header = true, all_varchar = true)"
        )


def _copy_rows(con: duckdb.DuckDBPyConnection, feed: str, columns: list[str], copies: int, seed: int) -> None:
    """Create table `written`: every row once as it is, and copies of it moved back, with invented places."""
    chosen = ", ".join(f"{_value(feed, c)} AS {identifier(c)}" for c in columns)
    con.execute(
        f"""
        CREATE OR REPLACE TABLE written AS
        WITH thrown AS (
            SELECT base.*, n, {_dice("place", 0)} % {len(FACILITIES)} AS place, {_dice("days", seed)} % {DAYS_BACK} AS back
            FROM base CROSS JOIN range({1 + copies * WITHOUT_FINDING}) AS t (n)
        ),
        copied AS (
            SELECT *, moved::INTEGER - CASE WHEN n = 0 THEN 0 ELSE back END AS days FROM thrown
            WHERE n = 0 OR NOT is_finding::BOOLEAN OR n <= {copies} AND {_dice("kept", seed)} % 100
                < CASE WHEN place = {len(FACILITIES) - 1} THEN {KEPT_AT_LAST} ELSE {KEPT} END
                - CASE WHEN back < {LATE_DAYS} THEN {LESS_OF_LATE} ELSE 0 END
        )
        SELECT {chosen} FROM copied ORDER BY ALL
        """
    )


def _value(feed: str, column: str) -> str:
    """Return the SQL of one column of a copied row."""
    name = identifier(column)
    if column == "facility_id":
        places = ", ".join(text_literal(place) for place in FACILITIES)
        return f"coalesce({name}, [{places}][place + 1])"
    if column == "prescriber_id" and feed == "prescriptions":
        return f"coalesce({name}, 'doctor ' || {_dice('doctor', 0)} % 40)"
    if column == "encounter_id" and feed == "diagnoses":
        return name
    if column.endswith("_id"):
        return f"{name} || CASE WHEN n = 0 THEN '' ELSE '-' || n END"
    if column.endswith(("_date", "_at")):
        moved = f"({name}::TIMESTAMP + to_days(days::INTEGER))"
        return f"CASE WHEN length({name}) = 10 THEN {moved}::DATE::VARCHAR ELSE strftime({moved}, '%Y-%m-%dT%H:%M:%S') END"
    return name


def _dice(what: str, seed: int) -> str:
    """Return SQL for a number that is the same for the same patient, copy, purpose and seed, in every version."""
    return f"('0x' || md5(concat_ws('|', {text_literal(what)}, {seed}, patient_id, n))[:7])::INTEGER"


def _write_answers(path: Path, cases: Sequence[Case], as_of: date) -> None:
    """Write what each rule must say of its own cases' patients: one row a unit."""
    names = ("rule_id", "patient_id", "case", "index_date", "outcome", "severity")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        for case in cases:
            for unit in case.content["expect"]:
                index = unit["index_date"] + (as_of - case.as_of) if "index_date" in unit else None
                about = {"rule_id": case.rule_id, "patient_id": case.patient_id, "case": case.name}
                writer.writerow({**unit, **about, "index_date": index})
