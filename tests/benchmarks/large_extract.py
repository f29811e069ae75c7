"""A large invented extract in Parquet: the sample's patients copied, among people with ordinary drugs and tests.

Ids and times are as scattered as a hospital's, so that they compress no better.

python tests/benchmarks/large_extract.py build/large [--patients 200000]
"""

import argparse
import json
from pathlib import Path

import duckdb

from nightrounds.database import connect, text_literal
from nightrounds.project import find_project
from nightrounds.sources import FEEDS

AS_OF = "2026-06-30"
# For each patient so many ordinary prescriptions and results, besides those of the sample's copies.
PRESCRIPTIONS, LABS = 24, 62
# One in a hundred ordinary prescriptions is of a drug that a rule judges; a quarter of results is of a test that one reads.
# The sample's copies, a fifth of the patients, have little else.
DRUGS = (
    ("314076", "lisinopril 10 MG Oral Tablet"),
    ("617312", "atorvastatin 20 MG Oral Tablet"),
    ("860975", "metformin 500 MG Oral Tablet"),
    ("197361", "amlodipine 5 MG Oral Tablet"),
    ("308136", "omeprazole 20 MG Oral Capsule"),
    ("313782", "acetaminophen 325 MG Oral Tablet"),
    ("197391", "baclofen 10 MG Oral Tablet"),
)
TESTS = (
    ("2160-0", "Creatinine", "mg/dL", 1.0), ("2823-3", "Potassium", "mmol/L", 4.2), ("718-7", "Hemoglobin", "g/dL", 13.0),
    ("4548-4", "Hemoglobin A1c", "%", 6.0), ("2345-7", "Glucose", "mg/dL", 95.0), ("1742-6", "ALT", "U/L", 25.0),
    ("13457-7", "LDL", "mg/dL", 110.0), ("6690-2", "Leukocytes", "10*3/uL", 7.0),
)  # fmt: skip


def write_large_extract(out: Path, patients: int) -> None:
    """Write all eight feeds for about so many patients."""
    out.mkdir(parents=True, exist_ok=True)
    sample = find_project().samples / "native"
    with connect() as con:
        base = con.execute(f"SELECT count(*) FROM read_csv({text_literal(str(sample / 'patients.csv'))})").fetchall()[0][0]
        copies = max(1, patients // 5 // base)
        for feed in FEEDS:
            _write_feed(con, sample / f"{feed}.csv", out / f"{feed}.parquet", copies, _ordinary(feed, patients - copies * base))
    about = {"extracted_at": f"{AS_OF}T02:00:00", "mode": "snapshot", "covers": dict.fromkeys(FEEDS, AS_OF)}
    (out / "extract.json").write_text(json.dumps(about), encoding="utf-8")


def _write_feed(con: duckdb.DuckDBPyConnection, source: Path, target: Path, copies: int, ordinary: str) -> None:
    rows = f"read_csv({text_literal(str(source))}, header = true, all_varchar = true)"
    names = [name for name, *_ in con.execute(f"DESCRIBE FROM {rows}").fetchall()]
    ids = [name for name in names if name in (names[0], "patient_id")]
    moved = ", ".join(f"{name} || '/' || n AS {name}" for name in ids)
    con.execute(
        f"COPY (SELECT * REPLACE ({moved}) FROM {rows} CROSS JOIN (SELECT range AS n FROM range({copies})) "
        f"UNION ALL BY NAME {ordinary}) TO {text_literal(str(target))} (FORMAT parquet)"
    )


def _ordinary(feed: str, patients: int) -> str:
    """Return a SELECT of the ordinary rows of a feed, as text."""
    day = f"(DATE '{AS_OF}' - (i * 7919 % 900)::INTEGER)::VARCHAR"
    if feed == "patients":
        return (
            "SELECT left(md5('p' || i), 12) AS patient_id, (DATE '1930-01-01' + (i * 13 % 25000)::INTEGER)::VARCHAR AS birth_date, "
            f"['female', 'male'][i % 2 + 1] AS sex, 'site ' || i % 6 AS facility_id FROM range({patients}) AS t (i)"
        )
    if feed == "prescriptions":
        codes, names = _columns(DRUGS, 0), _columns(DRUGS, 1)
        pick = "CASE WHEN i % 100 = 0 THEN 7 ELSE i % 6 + 1 END"
        return (
            f"SELECT left(md5('rx' || i), 16) AS prescription_id, left(md5('p' || i % {patients}), 12) AS patient_id, {codes}[{pick}] AS drug_code, "
            f"'rxnorm' AS drug_code_system, {names}[{pick}] AS drug_name, {day} AS start_date, '30' AS days_supply, "
            "'1' AS refills, "
            f"'2' AS frequency_per_day, '1' AS dose_quantity, 'tablet' AS dose_unit, 'take 1 tablet twice a day' AS sig, "
            f"'completed' AS status, 'doctor ' || i % 400 AS prescriber_id FROM range({patients * PRESCRIPTIONS}) AS t (i)"
        )
    if feed == "labs":
        picks = [f"{_columns(TESTS, k)}[i % {len(TESTS)} + 1]" for k in range(4)]
        return (
            f"SELECT left(md5('lab' || i), 16) AS lab_id, left(md5('p' || i % {patients}), 12) AS patient_id, "
            f"{day} || strftime(TIMESTAMP '2000-01-01' + to_seconds(i * 7919 % 86400), 'T%H:%M:%S') AS collected_at, "
            f"{picks[0]} AS test_code, 'loinc' AS test_code_system, {picks[1]} AS test_name, {picks[2]} AS unit, "
            f"round({picks[3]}::DOUBLE * (0.7 + i * 31 % 6000 / 10000), 2)::VARCHAR AS value, 'final' AS status "
            f"FROM range({patients * LABS}) AS t (i)"
        )
    return "SELECT NULL::VARCHAR AS patient_id WHERE false"


def _columns(table: tuple[tuple[object, ...], ...], place: int) -> str:
    return "[" + ", ".join(text_literal(str(row[place])) for row in table) + "]"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--patients", type=int, default=200_000)
    arguments = parser.parse_args()
    write_large_extract(arguments.out, arguments.patients)
