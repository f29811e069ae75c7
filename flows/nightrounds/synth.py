"""Invented extracts: the rules' own cases as patients, copied into the past, with what must be found in them.

Every case of every rule becomes a patient whose dates are moved so that the case's `as_of` falls on the extract's day:
its findings and near-misses, and the answers to them, are those of cases.toml. Copies of these patients (`copies.py`) give
months, places, prescribers, ages and sexes something to show; for them there are no answers.
"""

import csv
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from nightrounds.cases import PATIENT, PREFIX, Case, case_rows, read_cases
from nightrounds.copies import CLINICS, copy_rows
from nightrounds.copyplans import plan_copies
from nightrounds.database import connect, text_literal
from nightrounds.project import Project
from nightrounds.rules import load_rules
from nightrounds.sources import FEEDS, load_source
from nightrounds.sqlfiles import SqlFile


def synthesise(project: Project, out: Path, as_of: date, patients: int, seed: int, *, kind: str = "csv") -> int:
    """Write an extract of up to so many patients (at least one a case), its extract.json and its answers.

    Returns the number of patients. `kind` is csv or parquet. The same arguments give the same files.
    """
    plain = [case for rule in load_rules(project.rules) for case in read_cases(rule) if _is_plain(case, as_of)]
    cases = [replace(case, alias=f"P{number:05d}") for number, case in enumerate(plain, start=1)]
    native = load_source(project.sql / "sources" / "native")
    plans = plan_copies(cases, patients, as_of)
    written = 0
    out.mkdir(parents=True, exist_ok=True)
    with connect() as con:
        for feed in FEEDS:
            contract = SqlFile(project.sql / "extracts" / f"{feed}.sql")
            columns = [c for c in contract.column_comments if c in native[feed].raw_columns[feed] - {"deleted"}]
            _read_rows(con, contract, columns, cases, plans)
            copy_rows(con, feed, columns, as_of, seed)
            target = text_literal(str(out / f"{feed}.{kind}"))
            if feed == "patients":
                written = int(con.execute("SELECT count(*) FROM written").fetchall()[0][0])
            con.execute(f"COPY written TO {target} ({'HEADER' if kind == 'csv' else 'FORMAT parquet'})")
    if kind == "csv":
        _write_faults(out, as_of)
    _write_answers(out / "answers.csv", cases, as_of)
    _write_groups(out / "prescriber_groups.csv")
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


def _read_rows(
    con: duckdb.DuckDBPyConnection,
    contract: SqlFile,
    columns: list[str],
    cases: Sequence[Case],
    plans: Sequence[Mapping[str, object]],
) -> None:
    """Put the cases' rows of one feed into table `base`: their columns as text, and beside them the plan of the case."""
    key = next(iter(contract.column_comments))
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "rows.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [*columns, *plans[0]], extrasaction="ignore")
            writer.writeheader()
            for case, plan in zip(cases, plans, strict=True):
                writer.writerows({**row, **plan} for row in case_rows(case, contract.table, key))
        texts = json.dumps(dict.fromkeys([*columns, "stratum"], "VARCHAR"))
        con.execute(f"CREATE OR REPLACE TABLE base AS FROM read_csv({text_literal(str(path))}, header = true, types = {texts})")


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


def _write_groups(path: Path) -> None:
    """Write in which clinic each prescriber works, as a site file may name it."""
    clinics = [clinic for clinic, prescribers in CLINICS.items() for _ in range(prescribers)]
    rows = [f"doctor {number},{clinic}" for number, clinic in enumerate(clinics)]
    path.write_text("\n".join(["prescriber_id,group", *rows, ""]), encoding="utf-8")
