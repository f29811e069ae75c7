"""Laboratory results from file to fact, with the project's own code lists: which test it is, in which unit, and what cannot be.

One extract with a result for every case is loaded and built once. Factors of the code list are checked against pint, which
takes its units from UCUM.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

import duckdb
import pytest
from ucumvert import PintUcumRegistry

from nightrounds.database import connect
from nightrounds.extracts import load
from nightrounds.project import find_project
from nightrounds.run import new_run
from nightrounds.site import Site
from nightrounds.sqlfiles import SqlFile, Value
from nightrounds.warehouse import build_table

PROJECT = find_project()
AS_OF = date(2026, 3, 1)
# Conventional atomic weights (IUPAC, 2021): creatinine is C4H7N3O; of urea the two atoms of nitrogen are told, of phosphate the P.
ATOMS = {"C": 12.011, "H": 1.008, "N": 14.007, "O": 15.999, "Mg": 24.305, "Ca": 40.078, "P": 30.974}
MOLAR_MASS = {
    "creatinine": 4 * ATOMS["C"] + 7 * ATOMS["H"] + 3 * ATOMS["N"] + ATOMS["O"],
    "magnesium": ATOMS["Mg"],
    "calcium": ATOMS["Ca"],
    "phosphate": ATOMS["P"],
    "urea_nitrogen": 2 * ATOMS["N"],
}
VALENCE = {"magnesium": 2, "calcium": 2, "sodium": 1, "potassium": 1}

# What laboratories call a test, what they call its unit, and which unit that is. Values are ordinary ones in that unit.
SPELLINGS: dict[tuple[str, str], dict[tuple[str, float], list[str]]] = {
    ("creatinine", "Creatinine"): {
        ("mg/dL", 1.1): [
            "mg/dL", "MG/DL", "mg/dl", "Mg/dL", " mg / dL ", "mg/dL.", "mg/100mL", "MG/100 ML", "mg%", "mgs/dL", "mg/deciliter",
            "mg/dL (calc)", "mg\u00a0/\u00a0dL", "(mg/dL)", "milligram per deciliter",
        ],
        ("umol/L", 98): [
            "umol/L", "UMOL/L", "µmol/L", "μmol/L", "mcmol/L", "micromol/L", "umol/l", "umol / L", "umoles/L", "nmol/mL", "umols/L",
        ],
        ("mmol/L", 0.098): ["mmol/L", "MMOL/L"],
        ("mg/L", 11): ["mg/L"],
    },
    ("egfr", "eGFR"): {
        ("mL/min/{1.73_m2}", 55): [
            "mL/min/1.73m2", "mL/min/1.73 m2", "ML/MIN/1.73 M2", "mL/min/1.73m^2", "mL/min/1.73 m²", "mL/min/{1.73_m2}",
            "mL/min/1.73sq m", "mL/min/1.73 sq. m", "mL/min/1.73m(2)", "mL/min per 1.73m2", "mL/min/1.73 m*2", "mL/min/BSA",
            "ml/min/1,73m2", "mL/min/1.73m2 (calc)", "mL/min/1.73", "mL/minute/1.73 m2", "mL/min/1.73 meters squared",
        ],
        ("mL/min", 55): ["mL/min", "ML/MIN", "ml/minute", "mls/min"],
        ("mL/s/{1.73_m2}", 0.9): ["mL/s/1.73m2", "mL/sec/1.73 m2"],
    },
    ("magnesium", "Magnesium"): {
        ("mg/dL", 2.0): ["mg/dL", "MG/DL", "mg/dl", "mg%"],
        ("mmol/L", 0.8): ["mmol/L", "MMOL/L", "mmol/l", "mmoles/L"],
        ("meq/L", 1.6): ["mEq/L", "MEQ/L", "meq/l", "mEq / L"],
    },
    ("calcium", "Calcium"): {
        ("mg/dL", 9.4): ["mg/dL", "MG/DL", "mg/dl"],
        ("mmol/L", 2.35): ["mmol/L", "MMOL/L"],
        ("meq/L", 4.7): ["mEq/L", "MEQ/L"],
    },
    ("phosphate", "Phosphorus"): {("mg/dL", 3.5): ["mg/dL", "MG/DL"], ("mmol/L", 1.1): ["mmol/L", "MMOL/L"]},
    ("sodium", "Sodium"): {
        ("mmol/L", 138): ["mmol/L", "MMOL/L", "mmol/l", "mmoles/L"],
        ("meq/L", 138): ["mEq/L", "MEQ/L", "meq/l", "mEq/ L", "mval/L", "mEq per L"],
    },
    ("potassium", "Potassium"): {("mmol/L", 4.1): ["mmol/L", "MMOL/L", "mmol/l"], ("meq/L", 4.1): ["mEq/L", "MEQ/L", "meq/l"]},
    ("platelets", "Platelet count"): {
        ("10*3/uL", 210): [
            "K/uL", "K/UL", "k/ul", "K/µL", "K/μL", "K/mcL", "K/MCL", "K/mm3", "K/cumm", "K/CMM", "10*3/uL", "10^3/uL", "10^3/µL",
            "x10^3/uL", "x10^3/mcL", "x10 3/uL", "10 3/uL", "X10E3/UL", "x10E3/uL", "10e3/uL", "10E3/uL", "10x3/uL", "x10*3/uL",
            "THOU/uL", "thou/mcL", "Thousand/uL", "THOUS/MCL", "THO/UL", "10³/µL", "10³/μL", "×10³/μL", "×10^3/µL", "1000/uL",
            "x1000/uL", "10*3/mm3", "x10(3)/mcL", "TH/MM3",
        ],
        ("10*9/L", 210): [
            "10*9/L", "10^9/L", "10E9/L", "x10^9/L", "x 10*9/L", "x10E9/L", "X 10E9/L", "10⁹/L", "×10⁹/L", "bil/L", "G/L",
            "Giga/L", "x10(9)/L", "10 9/L",
        ],
        ("/uL", 210_000): ["/uL", "/UL", "/mm3", "cells/uL", "#/uL", "/cumm", "/µL", "cells/mcL"],
    },
    ("tsh", "TSH"): {
        ("m[IU]/L", 2.1): ["mIU/L", "MIU/L", "m[IU]/L", "mU/L", "mIU / L"],
        ("u[IU]/mL", 2.1): ["uIU/mL", "UIU/ML", "µIU/mL", "μIU/mL", "mcIU/mL", "u[IU]/mL", "uU/mL", "microIU/mL"],
    },
    ("albumin", "Albumin"): {("g/dL", 3.9): ["g/dL", "G/DL", "gm/dL", "GM/DL", "g/100mL", "g%", "grams/dL"], ("g/L", 39): ["g/L", "G/L"]},
    ("urea_nitrogen", "Urea nitrogen"): {("mg/dL", 17): ["mg/dL", "MG/DL"], ("mmol/L", 6): ["mmol/L", "MMOL/L"]},
    ("npcr", "nPCR"): {("g/kg/d", 1.0): ["g/kg/day", "g/kg/d", "G/KG/DAY", "gm/kg/day"]},
}  # fmt: skip
NUMBERED = [
    (analyte, name, ucum, value, spelling)
    for (analyte, name), units in SPELLINGS.items()
    for (ucum, value), spellings in units.items()
    for spelling in spellings
]

# Test, value and unit of what cannot be, and the fault that says so.
IMPOSSIBLE = [
    ("Creatinine", "0.9", "umol/L", ("unit", "unit contradicts value")),
    ("Creatinine", "98", "mg/dL", ("unit", "unit contradicts value")),
    ("Creatinine", "1.1", "mmol/L", ("unit", "unit contradicts value")),
    ("Creatinine", "11", "umol/L", ("unit", "unit contradicts value")),
    ("Creatinine", "1.1", "mg/L", ("unit", "unit contradicts value")),
    ("Creatinine", "4.9", "ug/mL", ("unit", "unit contradicts value")),
    ("Creatinine", "138", "mg/dL", ("unit", "unit contradicts value")),
    ("Platelet count", "210000", "K/uL", ("unit", "unit contradicts value")),
    ("Platelet count", "210", "/uL", ("unit", "unit contradicts value")),
    ("Albumin", "39", "g/dL", ("unit", "unit contradicts value")),
    ("TSH", "2.1", "mIU/mL", ("unit", "unit contradicts value")),
    ("eGFR", "0.9", "mL/min", ("unit", "unit contradicts value")),
    ("Creatinine", "0", "mg/dL", ("value", "implausible value")),
    ("Creatinine", "-1.1", "mg/dL", ("value", "implausible value")),
    ("Creatinine", "9999999", "mg/dL", ("value", "implausible value")),
    ("Sodium", "13.8", "mmol/L", ("value", "implausible value")),
    ("Potassium", "41", "mmol/L", ("value", "implausible value")),
    ("eGFR", "999", "mL/min/1.73m2", ("value", "implausible value")),
    ("Platelet count", "0", "K/uL", ("value", "implausible value")),
    ("Creatinine", "1.1", "", ("unit", "unknown unit")),
    ("Creatinine", "1.1", "g/dL", ("unit", "unknown unit")),
    ("Creatinine", "1.1", "mg/24 h", ("unit", "unknown unit")),
    ("Potassium", "4.1", "mg/dL", ("unit", "unknown unit")),
    ("eGFR", "55", "", ("unit", "unknown unit")),
    ("eGFR", "See Comments", "", ("value", "not a number")),
    ("eGFR", ">60 mL/min", "mL/min", ("value", "not a number")),
    ("Creatinine", "1.1 mg/dL", "", ("value", "not a number")),
    ("Creatinine", "HEMOLYZED", "mg/dL", ("value", "not a number")),
    ("Creatinine", "1,1", "mg/dL", ("value", "not a number")),
    ("Creatinine", "5.9 H", "mg/dL", ("value", "not a number")),
    ("Creatinine", "UNABLE TO REPORT", "mg/dL", ("value", "not a number")),
]  # fmt: skip

# A limit as it is sent, of an eGFR, with its number and sign.
LIMITS = [
    (">60", 60, ">"), ("> 60", 60, ">"), (">=60", 60, ">="), ("≥60", 60, ">="), ("≥ 60", 60, ">="), ("<15", 15, "<"),
    ("<=15", 15, "<="), ("≤ 15", 15, "<="), ("GREATER THAN 60", 60, ">"), ("Less than 15", 15, "<"),
    ("LESS THAN OR EQUAL TO 15", 15, "<="), ("greater than or equal to 90", 90, ">="), ("55", 55, None), ("5.5e1", 55, None),
]  # fmt: skip

# Which analyte a test is taken for: by LOINC code alone where it has one, else by the words of its name.
IDENTITY: list[tuple[str, str, str | None]] = [
    ("2160-0", "Creatinine", "creatinine"), ("38483-4", "Creatinine in blood", "creatinine"), ("14682-9", "", "creatinine"),
    ("2161-8", "Creatinine", None), ("2164-2", "Creatinine", None), ("12190-5", "Creatinine", None),
    ("14959-1", "Microalbumin/Creatinine", None), ("9318-7", "Albumin/Creatinine", None), ("999-9", "Creatinine", None),
    ("33914-3", "", "egfr"), ("98979-8", "eGFR", "egfr"), ("2601-3", "", "magnesium"), ("777-3", "", "platelets"),
    ("", "CREATININE, SERUM", "creatinine"), ("", "Creat", "creatinine"), ("", "POC Creatinine", "creatinine"),
    ("", "Creatinine, whole blood", "creatinine"), ("", "creatinine (i-STAT)", "creatinine"), ("", "Creatinine level", "creatinine"),
    ("", "Creatinine, urine", None), ("", "Urine creatinine", None), ("", "Creatinine, random ur", None),
    ("", "Creatinine 24 hr", None), ("", "Creatinine, body fluid", None), ("", "Creatinine, pleural", None),
    ("", "Creatinine clearance", None), ("", "Creatine kinase", None), ("", "Creatinine panel", None),
    ("", "Microalbumin/creatinine ratio", None), ("", "BUN/Creatinine ratio", None), ("", "BUN/Creat", None),
    ("", "Protein/Creatinine", None), ("", "Albumin, urine", None), ("", "Prealbumin", None), ("", "Albumin, CSF", None),
    ("", "eGFR (creatinine)", "egfr"), ("", "GFR estimated", "egfr"), ("", "eGFR CKD-EPI 2021", "egfr"),
    ("", "eGFR African American", None), ("", "eGFR Non-African American", "egfr"), ("", "GFR (non-black)", "egfr"),
    ("", "eGFR If Africn Am", None), ("", "eGFR If NonAfricn Am", "egfr"), ("", "GFR MDRD Af Amer", None),
    ("", "GFR MDRD Non Af Amer", "egfr"), ("", "EGFR NON-AFR. AMERICAN", "egfr"), ("", "EGFR AFRICAN AM", None),
    ("", "GFR Est AfAm", None), ("", "GFR Est Non-AfAm", "egfr"), ("", "eGFR if not African American", "egfr"),
    ("", "GFR est if black", None), ("", "GFR est if non African Am", "egfr"), ("", "EGFR (AFRICAN-AMERICAN)", None),
    ("", "EGFR gene mutation", None), ("", "eGFR comment", None), ("", "eGFR stage", None),
    ("", "Ionized calcium", None), ("", "Calcium corrected for albumin", None), ("", "Calcium, total", "calcium"),
    ("", "Magnesium, RBC", None), ("", "Magnesium", "magnesium"), ("", "Sodium, urine", None), ("", "Sodium and potassium", None),
    ("", "Potassium, whole blood", "potassium"), ("", "Platelets", "platelets"), ("", "PLT", "platelets"),
    ("", "Platelet function", None), ("", "Mean platelet volume", None), ("", "Platelet antibody", None),
    ("", "Hemogram with platelet count", None), ("", "Hemogram and platelet WBC differential panel - Blood", None),
    ("", "CBC with platelet count", None), ("", "nPCR", "npcr"), ("", "TSH", "tsh"), ("", "TSH receptor antibody", None),
]  # fmt: skip


@dataclass
class Night:
    """The rows of one extract while they are put together, and then the database that came of them."""

    rows: list[dict[str, str]] = field(default_factory=list)

    def add(self, prefix: str, test_name: str, value: str, unit: str, **more: str) -> str:
        """Add a result; return its id."""
        lab_id = f"{prefix}{len(self.rows)}"
        whole = {"lab_id": lab_id, "patient_id": "p1", "collected_at": "2026-01-10T08:00:00", "test_code": ""}
        self.rows.append({**whole, "test_name": test_name, "value": value, "unit": unit, **more})
        return lab_id


@cache
def results() -> tuple[Night, dict[str, list[str]]]:
    """Every case as a result, and the ids of each kind's cases in their order."""
    night = Night()
    plain = {"value": "1", "unit": "", "status": "cancelled"}
    ids = {
        "unit": [night.add("unit", name, str(value), spelling) for _, name, _, value, spelling in NUMBERED],
        "impossible": [night.add("no", name, value, unit) for name, value, unit, _ in IMPOSSIBLE],
        "limit": [night.add("limit", "eGFR", sent, "mL/min") for sent, _, _ in LIMITS],
        "who": [
            night.add("who", name, **plain, test_code=code, test_code_system="loinc" * bool(code)) for code, name, _ in IDENTITY
        ],
        "local": [night.add("who", "Creatinine", **plain, test_code="CREA", test_code_system="local")],
    }
    night.add("text", "eGFR", "See Comments", "", patient_id="p2")
    night.add("creatinine", "Creatinine", "1.2", "mg/dL", patient_id="p2")
    return night, ids


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    out = tmp_path_factory.mktemp("labs")
    extract = out / "extract"
    extract.mkdir()
    people = "patient_id,birth_date,sex\np1,1960-01-01,female\np2,1960-01-01,female\n"
    (extract / "patients.csv").write_text(people, encoding="utf-8")
    (extract / "prescriptions.csv").write_text("prescription_id,patient_id,drug_name,start_date\n", encoding="utf-8")
    rows = results()[0].rows
    with (extract / "labs.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    started_at = datetime(2026, 3, 1, 2)  # noqa: DTZ001 - UTC by convention
    run = new_run(PROJECT, Site(name="test"), extract, out=out, as_of=AS_OF, started_at=started_at)
    load(run)
    with connect(run.building) as opened:
        done: set[str] = set()
        for fact in ("facts.labs", "facts.renal_function"):
            build_from(opened, fact, run.values, done)
        yield opened


def build_from(con: duckdb.DuckDBPyConnection, table: str, values: Mapping[str, Value], done: set[str]) -> None:
    """Build a table of clean or facts after those that it reads."""
    schema, name = table.split(".")
    if table in done or schema not in ("clean", "facts"):
        return
    (path,) = (PROJECT.sql / schema).rglob(f"{name}.sql")
    for read in sorted(SqlFile(path).tables):
        build_from(con, read, values, done)
    build_table(con, schema, SqlFile(path), values)
    done.add(table)


def one(con: duckdb.DuckDBPyConnection, query: str, lab_id: str) -> tuple[Any, ...]:
    (row,) = con.execute(query, [lab_id]).fetchall()
    return row


def faults(con: duckdb.DuckDBPyConnection, lab_id: str) -> list[tuple[str, str]]:
    (found,) = one(con, "SELECT coalesce(faults, []) FROM staging.labs WHERE lab_id = ?", lab_id)
    return [(fault["column_name"], fault["reason"]) for fault in found]


@cache
def registry() -> PintUcumRegistry:
    return PintUcumRegistry()


def converted(analyte: str, value: float, ucum: str, canonical: str) -> float:
    """What pint makes of a value: by molar mass where the two units need it, and equivalents by valence."""
    units = registry()
    quantity = value * units.from_ucum(ucum)
    target = units.from_ucum(canonical)
    if "eq" in ucum:
        quantity = quantity / VALENCE[analyte]
    if quantity.dimensionality == target.dimensionality:
        return float(quantity.to(target).magnitude)
    molar_mass = MOLAR_MASS[analyte] * units.from_ucum("g/mol")
    return float((quantity * molar_mass).to(target).magnitude)


def unit_rows() -> list[dict[str, str]]:
    with (PROJECT.rules / "codelists" / "lab_units.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def canonical_of(analyte: str) -> str:
    return next(row["ucum"] for row in unit_rows() if row["analyte"] == analyte and float(row["factor"]) == 1)


def test_factors_are_those_of_ucum_and_of_molar_masses() -> None:
    used = {(row["analyte"], row["ucum"], row["canonical_unit"], float(row["factor"])) for row in unit_rows()}
    assert len(used) > 30
    for analyte, ucum, canonical, factor in sorted(used):
        assert factor == pytest.approx(converted(analyte, 1, ucum, canonical), rel=1e-3), (analyte, ucum)


def test_an_analyte_has_one_canonical_unit_a_unit_one_range_and_no_spelling_is_there_twice(
    con: duckdb.DuckDBPyConnection,
) -> None:
    rows = unit_rows()
    assert len({(row["analyte"], row["unit"]) for row in rows}) == len(rows)
    assert len({(row["analyte"], row["canonical_unit"]) for row in rows}) == len({row["analyte"] for row in rows})
    ranges = {(r["analyte"], r["ucum"]): (r["low"], r["high"]) for r in rows}
    assert len({(r["analyte"], r["ucum"], r["low"], r["high"]) for r in rows}) == len(ranges)
    # Creatinine's other units: a value that is an everyday one in mg/dL, under their name, is not believed.
    assert {unit for (analyte, unit), span in ranges.items() if span != ranges[analyte, canonical_of(analyte)]} == {
        "mg/L", "mmol/L", "ug/mL", "umol/L",
    }  # fmt: skip
    assert con.execute("SELECT unit FROM codelists.lab_units WHERE unit <> plain_unit(unit)").fetchall() == []


def test_the_lists_lists_and_names_know_the_same_analytes(con: duckdb.DuckDBPyConnection) -> None:
    analytes = "SELECT DISTINCT {0} FROM codelists.{1} ORDER BY ALL"
    named = con.execute(analytes.format("analyte", "lab_names")).fetchall()
    assert con.execute(analytes.format("analyte", "lab_units")).fetchall() == named
    assert {analyte for analyte, *_ in NUMBERED} == {analyte for (analyte,) in named}


@pytest.mark.parametrize(("place", "case"), list(enumerate(NUMBERED)), ids=[f"{n[0]} {n[4]}" for n in NUMBERED])
def test_a_unit_is_understood(con: duckdb.DuckDBPyConnection, place: int, case: tuple[str, str, str, float, str]) -> None:
    analyte, _, ucum, value, _ = case
    lab_id = results()[1]["unit"][place]
    assert faults(con, lab_id) == []
    query = "SELECT analyte, own_unit, own_value, unit, value FROM facts.labs WHERE row_id = ?"
    found, own_unit, own_value, unit, canonical = one(con, query, lab_id)
    assert (found, own_unit, own_value) == (analyte, ucum, value)
    assert canonical == pytest.approx(converted(analyte, value, ucum, unit), rel=1e-3)


@pytest.mark.parametrize(("place", "case"), list(enumerate(IMPOSSIBLE)), ids=[" ".join(i[:3]) for i in IMPOSSIBLE])
def test_what_cannot_be_is_set_aside(
    con: duckdb.DuckDBPyConnection, place: int, case: tuple[str, str, str, tuple[str, str]]
) -> None:
    lab_id = results()[1]["impossible"][place]
    assert faults(con, lab_id) == [case[3]]
    assert con.execute("SELECT row_id FROM facts.labs WHERE row_id = ?", [lab_id]).fetchall() == []
    sent = con.execute("SELECT raw ->> '$.value', raw ->> '$.unit' FROM audit.quarantine WHERE row_id = ?", [lab_id]).fetchall()
    assert sent == [(case[1], case[2] or None)]


@pytest.mark.parametrize(("place", "case"), list(enumerate(LIMITS)), ids=[sent for sent, _, _ in LIMITS])
def test_a_limit_is_understood(con: duckdb.DuckDBPyConnection, place: int, case: tuple[str, float, str | None]) -> None:
    query = "SELECT value_as_sent, value, comparator FROM facts.labs WHERE row_id = ?"
    assert one(con, query, results()[1]["limit"][place]) == case


@pytest.mark.parametrize(("place", "case"), list(enumerate(IDENTITY)), ids=[f"{code} {name}" for code, name, _ in IDENTITY])
def test_which_test_it_is(con: duckdb.DuckDBPyConnection, place: int, case: tuple[str, str, str | None]) -> None:
    code, _, analyte = case
    matched_by = None if analyte is None else "code" if code else "name"
    query = "SELECT analyte, matched_by FROM extracts.labs WHERE lab_id = ?"
    assert one(con, query, results()[1]["who"][place]) == (analyte, matched_by)


def test_a_local_code_goes_by_its_name(con: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT analyte, matched_by FROM extracts.labs WHERE lab_id = ?"
    assert one(con, query, results()[1]["local"][0]) == ("creatinine", "name")


def test_every_unit_that_was_sent_is_counted(con: duckdb.DuckDBPyConnection) -> None:
    build_table(con, "audit", SqlFile(PROJECT.sql / "audit" / "1" / "lab_units.sql"), {})
    query = "SELECT unit, ucum, results, usable FROM audit.lab_units WHERE analyte = 'creatinine' AND unit IS NOT DISTINCT FROM ?"
    assert one(con, query, "μmol/L") == ("μmol/L", "umol/L", 1, 1)
    assert one(con, query, "g/dL") == ("g/dL", None, 1, 0)
    # One that is fine, two that contradict their values.
    assert one(con, query, "umol/L") == ("umol/L", "umol/L", 3, 1)
    no_unit = con.execute("SELECT results, usable FROM audit.lab_units WHERE analyte = 'egfr' AND unit IS NULL").fetchall()
    assert no_unit == [(1, 0)]


def test_an_estimate_that_is_only_a_text_falls_back_on_the_days_creatinine(con: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT origin, creatinine_mg_dl, round(egfr, 1) FROM facts.renal_function WHERE patient_id = ?"
    assert one(con, query, "p2") == ("derived", 1.2, 49.9)
