"""Free-text sigs: every line of sigs.csv is read as it says, in one query, and real dose texts are read or said not to be.

sigs.csv: sig; kind, amount, times_low, times_high and per_day as in clean.sigs, empty for NULL; marks, which name `range`, `prn`,
`taper` and `not understood` where they hold. A taper has no one daily dose, so that its numbers are empty too.
"""

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from nightrounds.codelists import load_codelists
from nightrounds.database import connect
from nightrounds.project import find_project
from nightrounds.sqlfiles import SqlFile
from nightrounds.warehouse import build_table, create_macros, create_schemas

PROJECT = find_project()
SHARED = Path(__file__).parents[2] / "shared" / "data"
UNREAD = {"not understood", "changes"}
PRODUCT = ("drug_code", "drug_code_system", "drug_name", "route", "strength", "dose_unit")
TABLES = ("direction_words", "sig_marks", "sig_doses", "sigs")

Case = dict[str, str]
Sig = dict[str, Any]


def cases() -> list[Case]:
    with (Path(__file__).parent / "sigs.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_sigs(texts: list[str]) -> dict[str, Sig]:
    """Read sigs of one listed product with the project's own SQL -> rows of clean.sigs by sig."""
    product = ", ".join(f"'{name}' AS {name}" for name in PRODUCT)
    with connect() as con:
        create_schemas(con)
        create_macros(con, PROJECT.sql / "macros")
        load_codelists(con, PROJECT.rules / "codelists")
        con.execute(f"CREATE TABLE clean.product_drugs AS SELECT {product}")
        con.execute(f"CREATE TABLE extracts.prescriptions AS SELECT {product}, unnest(?) AS sig", [texts])
        for table in TABLES:
            (path,) = (PROJECT.sql / "clean").rglob(f"{table}.sql")
            build_table(con, "clean", SqlFile(path), {})
        return rows_by_sig(con)


def rows_by_sig(con: duckdb.DuckDBPyConnection) -> dict[str, Sig]:
    found = con.execute("SELECT * FROM clean.sigs")
    names = [column[0] for column in found.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    assert len({row["sig"] for row in rows}) == len(rows)
    return {row["sig"]: row for row in rows}


def told(case: Case) -> tuple[Any, ...]:
    """What a case expects: kind, the four numbers, and the four marks."""
    names = ("amount", "times_low", "times_high", "per_day")
    numbers = [pytest.approx(float(case[name]), rel=1e-3) if case[name] else None for name in names]
    marks = [word in case["marks"] for word in ("range", "prn", "taper")]
    return (case["kind"] or None, *numbers, *marks, "not understood" in case["marks"] or "taper" in case["marks"])


def seen(row: Sig) -> tuple[Any, ...]:
    """What clean.sigs says of a sig, in the order of `told`."""
    names = ("amount_kind", "amount", "times_low", "times_per_day", "amount_per_day", "is_range", "as_needed", "taper")
    return (*(row[name] for name in names), row["reading"] in UNREAD)


@pytest.fixture(scope="module")
def read() -> dict[str, Sig]:
    """All cases, read at once."""
    return read_sigs([case["sig"] for case in cases()])


def test_the_table_of_cases_is_long_and_says_each_sig_once() -> None:
    texts = [case["sig"] for case in cases()]
    assert len(set(texts)) == len(texts) > 300


def test_every_sig_of_the_table_is_read_as_it_says(read: dict[str, Sig]) -> None:
    wrong = {case["sig"]: (told(case), seen(read[case["sig"]])) for case in cases() if told(case) != seen(read[case["sig"]])}
    assert wrong == {}


def test_what_is_not_understood_says_nothing(read: dict[str, Sig]) -> None:
    numbers = ("amount_kind", "amount", "times_low", "times_per_day", "amount_per_day", "confidence")
    unread = [row for row in read.values() if row["reading"] in UNREAD]
    assert len(unread) > 100
    assert [row["sig"] for row in unread if any(row[name] is not None for name in numbers) or row["is_range"]] == []


@pytest.mark.parametrize(
    ("sig", "reading", "confidence"),
    [
        ("10 mg tid", "one dose", "high"),
        ("1 tab q8h", "one dose", "high"),
        ("take 1 tablet nightly", "one dose", "high"),
        ("1 po tid", "one dose", "medium"),
        ("2 tabs in am and 1 at bedtime", "several doses", "medium"),
        ("1 tab twice weekly", "one dose", "high"),
        ("1 tablet every Tuesday and Thursday", "one dose", "medium"),
        ("1 tab tid prn", "one dose", "low"),
        ("1-2 tablets daily", "one dose", "low"),
        ("1 tab prn, max 3 doses in 24 hours", "most a day", "low"),
        ("take 2 tablets", "amount only", None),
        ("q.i.d.", "frequency only", None),
        ("use as directed", "no dose", None),
        ("5 mg tid x 3 days then 10 mg tid x 3 days then 15 mg tid", "changes", None),
        ("1 tab tidd", "not understood", None),
    ],
)
def test_a_reading_says_how_sure_it_is(read: dict[str, Sig], sig: str, reading: str, confidence: str | None) -> None:
    assert (read[sig]["reading"], read[sig]["confidence"]) == (reading, confidence)


def test_a_word_that_nobody_knows_makes_any_sig_unknown() -> None:
    """Whatever is understood: one strange word more, at the end or in the middle, and nothing is told."""
    known = [case["sig"] for case in cases() if case["kind"] and case["times_high"] and "[" not in case["sig"]]
    strange = [f"{sig} zzyx" for sig in known] + [sig.replace(" ", " zzyx ", 1) for sig in known if " " in sig]
    assert {row["sig"] for row in read_sigs(strange).values() if row["reading"] not in UNREAD} == set()


# --- dose texts of real extracts


def lines(path: Path) -> Iterator[str]:
    """Lines of a text file, gzip or plain."""
    data = path.read_bytes()
    yield from (gzip.decompress(data) if path.suffix == ".gz" else data).decode().splitlines()


def fhir_texts(folder: str) -> Iterator[str]:
    for path in sorted((SHARED / folder).glob("MedicationRequest*")):
        for line in lines(path):
            for dosage in json.loads(line).get("dosageInstruction", []):
                extra = [a.get("text") or a["coding"][0].get("display") for a in dosage.get("additionalInstruction", [])]
                yield ". ".join(part for part in [dosage.get("text"), *extra] if part)


def mimic_texts() -> Iterator[str]:
    """Doses that are no plain number, as the source keeps them: with their unit, as directions."""
    for row in csv.DictReader(lines(SHARED / "mimic3-demo" / "PRESCRIPTIONS.csv")):
        named = {name.lower(): value for name, value in row.items()}
        if not named["dose_val_rx"].replace(".", "", 1).replace(",", "").isdigit():
            yield f"{named['dose_val_rx']} {named['dose_unit_rx']}".strip()


def omop_texts() -> Iterator[str]:
    yield from (row["sig"] for row in csv.DictReader(lines(SHARED / "omop-synthea27nj" / "DRUG_EXPOSURE.csv")))


def test_dose_texts_of_real_extracts_are_read_or_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"the shared extracts are not at {SHARED}")
    sources = {
        "fhir-smart10": fhir_texts("fhir-smart10"),
        "fhir-generated": fhir_texts("fhir-generated"),
        "mimic3-demo": mimic_texts(),
        "omop-synthea27nj": omop_texts(),
    }
    with capsys.disabled():
        for name, texts in sources.items():
            distinct = sorted({text.strip() for text in texts} - {""})
            print(f"\n{name}: {report(distinct)}", end="")
    daily = {sig: row for sig, row in read_sigs(sorted(set(mimic_texts()))).items() if row["amount_per_day"] is not None}
    assert daily == {}, "a dose without a frequency is never a daily dose"


def report(texts: list[str]) -> str:
    """Say which part of some texts is understood, and how the others begin."""
    if not texts:
        return "no dose texts"
    found = read_sigs(texts)
    readings = Counter(row["reading"] for row in found.values())
    unread = [sig for sig, row in found.items() if row["reading"] in UNREAD]
    kinds = ", ".join(f"{reading} {count}" for reading, count in sorted(readings.items()))
    return f"{1 - len(unread) / len(found):.0%} of {len(found)} distinct dose texts understood ({kinds})"
