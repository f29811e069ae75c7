"""The MIMIC source (sql/sources/mimic): what small tables written by hand become, with the names of MIMIC-III and MIMIC-IV."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

Load = Callable[..., duckdb.DuckDBPyConnection]

MIMIC3 = {
    "PATIENTS.csv": """
        row_id | subject_id | gender | dob                 | dod
        1      | 10         | F      | 2060-06-15 00:00:00 | 2120-05-05 00:00:00
        2      | 11         | M      | 1819-03-02 00:00:00 |
        3      | 12         | M      | 2100-01-01 00:00:00 |
    """,
    "ADMISSIONS.csv": """
        row_id | subject_id | hadm_id | admittime           | dischtime
        1      | 12         | 100     | 2119-03-01 10:00:00 | 2119-03-11 10:00:00
        2      | 11         | 101     | 2119-03-02 10:00:00 | 2119-03-01 10:00:00
    """,
    "D_LABITEMS.csv": """
        itemid | label                         | fluid | loinc_code
        50912  | Creatinine                    | BLOOD | 2160-0
        51082  | Creatinine                    | Urine |
        51265  | Platelet Count                |       |
        50920  | Estimated GFR (MDRD equation) | Blood |
    """,
    "LABEVENTS.csv": """
        HADM_ID | ITEMID | CHARTTIME           | VALUE         | VALUEUOM | FLAG
        100     | 50912  | 2119-03-02 08:00:00 | 1.1           | mg/dL    |
        100     | 51082  | 2119-03-02 08:00:00 | 138           | mg/dL    |
        100     | 51265  | 2119-03-02 08:00:00 | LESS THAN 5   | K/uL     | abnormal
        100     | 50920  | 2119-03-02 08:00:00 | See Comments  |          |
                | 50912  | 2119-03-02 08:00:00 | 1.2           | mg/dL    |
        100     | 50912  | 2119-03-03 08:00:00 | 0             | mg/dL    |
    """,
    "PRESCRIPTIONS.csv": """
        row_id | subject_id | hadm_id | startdate           | enddate             | drug_type | drug       | ndc         | prod_strength | dose_val_rx | dose_unit_rx | form_val_disp | route
        1      | 12         | 100     | 2119-03-02 00:00:00 | 2119-03-04 00:00:00 | MAIN      | Baclofen   | 00904336561 | 10mg Tablet   | 15          | mg           | 1.5           | PO
        2      | 12         | 100     | 2119-03-02 00:00:00 | 2119-03-02 00:00:00 | MAIN      | Tylenol    | 0           | 325mg Tab     | 325-650     | mg           | 1-2           | PO
        3      | 12         | 100     | 2119-03-02 00:00:00 | 2119-03-04 00:00:00 | BASE      | Heparin    |             | 25,000 U/250  | 25,000      | UNIT         | 1             | IV DRIP
        4      | 12         | 100     | 2119-03-05 00:00:00 | 2119-03-04 00:00:00 | MAIN      | Baclofen   | 0904-336561 | 10mg Tablet   | 15          | mg           | 1             | PO
    """,
    "DIAGNOSES_ICD.csv": """
        row_id | subject_id | hadm_id | seq_num | icd9_code
        1      | 12         | 100     | 1       | 72982
        2      | 12         | 999     | 1       | 5856
    """,
    "PROCEDURES_ICD.csv": """
        row_id | subject_id | hadm_id | seq_num | icd9_code
        1      | 12         | 100     | 1       | 3995
    """,
}

MIMIC4 = {
    "patients.csv": """
        subject_id | gender | anchor_age | anchor_year | dod
        12         | F      | 70         | 2019        |
        13         | M      | 91         | 2019        | 2020-01-01
    """,
    "admissions.csv": """
        subject_id | hadm_id | admittime           | dischtime
        12         | 100     | 2019-03-01 10:00:00 | 2019-03-11 10:00:00
    """,
    "d_labitems.csv": """
        itemid | label      | fluid | category
        50912  | Creatinine | Blood | Chemistry
    """,
    "labevents.csv": """
        labevent_id | subject_id | hadm_id | itemid | charttime           | value | valuenum | valueuom | ref_range_lower | ref_range_upper | comments
        7           | 12         |         | 50912  | 2019-03-02 08:00:00 | 1.1   | 1.1      | mg/dL    | 0.4             | 1.1             |
        8           | 12         | 100     | 50912  | 2019-03-02 09:00:00 | ___   |          | mg/dL    |                 |                 | HEMOLYZED
        9           | 12         | 100     | 50912  | 2019-03-02 10:00:00 | ___   |          | mg/dL    |                 |                 | <0.5
    """,
    "prescriptions.csv": """
        subject_id | hadm_id | pharmacy_id | starttime           | stoptime            | drug_type | drug     | ndc         | prod_strength | dose_val_rx | dose_unit_rx | doses_per_24_hrs | route
        12         | 100     | 5           | 2019-03-02 08:00:00 | 2019-03-04 08:00:00 | MAIN      | Baclofen | 00904336561 | 10mg Tablet   | 10          | mg           | 3                | PO
        12         | 100     | 5           | 2019-03-02 08:00:00 | 2019-03-04 08:00:00 | MAIN      | Baclofen | 00904336561 | 10mg Tablet   | 10          | mg           | 3                | PO
    """,
    "diagnoses_icd.csv": """
        subject_id | hadm_id | seq_num | icd_code | icd_version
        12         | 100     | 1       | G4762    | 10
        12         | 100     | 2       | 72982    | 9
    """,
    "procedures_icd.csv": """
        subject_id | hadm_id | seq_num | chartdate  | icd_code | icd_version
        12         | 100     | 1       | 2019-03-04 | 5A1D70Z  | 10
        12         | 100     | 2       | 2019-03-05 | 3995     | 9
    """,
}


def table(text: str) -> str:
    """A CSV file of a table written with bars and blanks, which is easier to read."""
    out = io.StringIO()
    csv.writer(out).writerows([cell.strip() for cell in line.split("|")] for line in text.strip().splitlines())
    return out.getvalue()


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_text(table(text), encoding="utf-8")
    return folder


def ask(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return con.execute(query).fetchall()


def reasons(con: duckdb.DuckDBPyConnection, feed: str) -> list[tuple[Any, ...]]:
    """Rows of a feed that are in quarantine, as id, line and reason."""
    return con.execute("SELECT row_id, line, reason FROM audit.quarantine WHERE feed = ? ORDER BY line", [feed]).fetchall()


@pytest.fixture(scope="module")
def mimic3(load_extract: Load, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with load_extract(write(tmp_path_factory.mktemp("mimic3"), MIMIC3), "mimic", date(2203, 1, 1)) as con:
        yield con


@pytest.fixture(scope="module")
def mimic4(load_extract: Load, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with load_extract(write(tmp_path_factory.mktemp("mimic4"), MIMIC4), "mimic", date(2026, 3, 1)) as con:
        yield con


def test_mimic3_ages_over_89_are_hidden_by_a_birth_300_years_back(mimic3: duckdb.DuckDBPyConnection) -> None:
    assert ask(mimic3, "SELECT patient_id, birth_date::VARCHAR, sex FROM extracts.patients ORDER BY 1") == [
        ("10", "2060-06-15", "female"),
        ("11", "2028-03-02", "male"),
        ("12", "2100-01-01", "male"),
    ]


def test_mimic3_doses_are_one_dose_or_words(mimic3: duckdb.DuckDBPyConnection) -> None:
    query = (
        "SELECT prescription_id, drug_code, drug_code_system, dose_quantity, dose_unit, sig, frequency_per_day, quantity "
        "FROM extracts.prescriptions ORDER BY 1"
    )
    assert ask(mimic3, query) == [
        ("1", "00904336561", "ndc", 15.0, "mg", None, None, None),
        ("2", None, None, None, "mg", "325-650 mg", None, None),
        ("3", None, None, 25000.0, "UNIT", None, None, None),
    ]
    assert reasons(mimic3, "prescriptions") == [("4", 5, "start after end")]


def test_mimic3_single_doses_are_never_daily_ones(mimic3: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT single_dose_mg, daily_dose_mg, dose_method, route_group FROM facts.prescriptions WHERE row_id = '1'"
    assert ask(mimic3, query) == [(15.0, None, "unknown", "oral")]


def test_mimic3_results_find_their_patient_by_the_admission(mimic3: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT patient_id, test_code, test_code_system, test_name, value, analyte FROM extracts.labs ORDER BY test_code"
    assert ask(mimic3, query) == [
        ("12", "2160-0", "loinc", "Creatinine", "1.1", "creatinine"),
        ("12", "51082", "local", "Creatinine, urine", "138", None),
        ("12", "51265", "local", "Platelet Count", "LESS THAN 5", "platelets"),
    ]
    assert [told[1:] for told in reasons(mimic3, "labs")] == [
        (5, "not a number"),
        (6, "required value missing"),
        (7, "implausible value"),
    ]


def test_mimic3_codes_are_dated_by_the_admission(mimic3: duckdb.DuckDBPyConnection) -> None:
    assert ask(mimic3, "SELECT code, code_system, recorded_date::VARCHAR, encounter_id FROM extracts.diagnoses") == [
        ("72982", "icd9cm", "2119-03-01", "100")
    ]
    assert reasons(mimic3, "diagnoses") == [("2", 3, "required value missing")]
    assert ask(mimic3, "SELECT code, code_system, performed_at::VARCHAR FROM extracts.procedures") == [
        ("3995", "icd9pcs", "2119-03-01 10:00:00")
    ]
    assert ask(mimic3, "SELECT patient_id, from_day::VARCHAR FROM facts.dialysis") == [("12", "2119-03-01")]


def test_mimic3_impossible_admissions_are_set_aside(mimic3: duckdb.DuckDBPyConnection) -> None:
    assert reasons(mimic3, "encounters") == [("101", 3, "start after end")]
    assert ask(mimic3, "SELECT encounter_id, class FROM extracts.encounters") == [("100", "inpatient")]


def test_mimic4_names(mimic4: duckdb.DuckDBPyConnection) -> None:
    assert ask(mimic4, "SELECT patient_id, birth_date::VARCHAR, death_date::VARCHAR FROM extracts.patients ORDER BY 1") == [
        ("12", "1949-07-01", None),
        ("13", "1928-07-01", "2020-01-01"),
    ]
    query = "SELECT start_date::VARCHAR, end_date::VARCHAR, dose_quantity, frequency_per_day FROM extracts.prescriptions"
    assert ask(mimic4, query) == [("2019-03-02", "2019-03-04", 10.0, 3.0)]
    assert ask(mimic4, "SELECT daily_dose_mg FROM facts.prescriptions") == [(30.0,)]
    assert ask(mimic4, "SELECT diagnosis_id, code, code_system FROM extracts.diagnoses ORDER BY 1") == [
        ("100|1", "G4762", "icd10cm"),
        ("100|2", "72982", "icd9cm"),
    ]
    assert ask(mimic4, "SELECT code, code_system, performed_at::VARCHAR FROM extracts.procedures ORDER BY 1") == [
        ("3995", "icd9pcs", "2019-03-05 00:00:00"),
        ("5A1D70Z", "icd10pcs", "2019-03-04 00:00:00"),
    ]


def test_mimic4_copies_without_an_id_are_one(mimic4: duckdb.DuckDBPyConnection) -> None:
    counts = "SELECT rows_read, rows_loaded, rows_quarantined, rows_superseded FROM audit.batches WHERE feed = 'prescriptions'"
    assert ask(mimic4, counts) == [(2, 1, 0, 1)]


def test_mimic4_results_carry_their_patient_and_a_comment_for_what_is_hidden(mimic4: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT lab_id, patient_id, value, reference_high FROM extracts.labs ORDER BY 1"
    assert ask(mimic4, query) == [("7", "12", "1.1", 1.1), ("9", "12", "<0.5", None)]
    assert reasons(mimic4, "labs") == [("8", 3, "not a number")]
