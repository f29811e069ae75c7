"""Files that are only looked up: every bad line is counted, kept and shown, and one that cannot be read says what goes without it."""

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from conftest import ask, page
from nightrounds.database import connect
from nightrounds.errors import NightroundsError
from nightrounds.extracts import load
from nightrounds.pipeline import run_audit
from nightrounds.project import Project
from nightrounds.run import Run, new_run
from nightrounds.site import Site
from nightrounds.sources import WITHOUT, load_source

Files = Mapping[str, str | bytes]
Load = Callable[[Files, str], duckdb.DuckDBPyConnection]
AS_OF = date(2020, 6, 1)

OMOP: Files = {
    "PERSON.csv": "person_id,gender_concept_id,year_of_birth\n1,8532,1950\n",
    "CONCEPT.csv": "concept_id,concept_name,vocabulary_id,concept_code\n11,baclofen 10 MG Oral Tablet,RxNorm,197391\n",
    "DRUG_EXPOSURE.csv": "drug_exposure_id,person_id,drug_concept_id,drug_exposure_start_date\nrx1,1,11,2020-01-01\n",
    "MEASUREMENT.csv": "measurement_id,person_id,measurement_concept_id,measurement_date\n",
}


def resource(kind: str, row_id: str, **content: Any) -> str:
    return json.dumps({"resourceType": kind, "id": row_id, **content}) + "\n"


FHIR: Files = {
    "Patient.ndjson": resource("Patient", "p1", gender="female", birthDate="1950-01-01"),
    "MedicationRequest.ndjson": resource(
        "MedicationRequest", "rx1", status="active", intent="order", subject={"reference": "Patient/p1"}, authoredOn="2020-01-01",
        medicationReference={"reference": "Medication/m1", "display": "Lioresal"},
    ),
    "Medication.ndjson": resource("Medication", "m1", code={"text": "baclofen 10 MG Oral Tablet"}),
    "Observation.ndjson": resource(
        "Observation", "lab1", status="final", subject={"reference": "Patient/p1"}, effectiveDateTime="2020-01-01",
        code={"text": "Creatinine"}, valueQuantity={"value": 1, "unit": "mg/dL"},
    ),
}  # fmt: skip

MIMIC: Files = {
    "PATIENTS.csv": "row_id,subject_id,gender,dob\n1,12,F,2005-01-01 00:00:00\n",
    "ADMISSIONS.csv": "hadm_id,subject_id,admittime,dischtime\n100,12,2020-01-01 10:00:00,2020-01-03 10:00:00\nbroken\n",
    "D_LABITEMS.csv": "itemid,label,fluid,loinc_code\n50912,Creatinine,Blood,2160-0\n",
    "LABEVENTS.csv": "hadm_id,itemid,charttime,value,valueuom\n100,50912,2020-01-02 08:00:00,1.1,mg/dL\n",
    "PRESCRIPTIONS.csv": "row_id,subject_id,drug,startdate\n1,12,Baclofen,2020-01-01\n",
}


def write(folder: Path, files: Files) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


@pytest.fixture
def loaded(project: Project, tmp_path: Path) -> Load:
    """Load an extract of some source, and open what came of it."""

    def once(files: Files, source: str) -> duckdb.DuckDBPyConnection:
        extract = write(tmp_path / "extract", files)
        run = new_run(project, Site(name="test"), extract, source=source, out=tmp_path / "out", as_of=AS_OF)
        run.building.parent.mkdir(parents=True, exist_ok=True)
        load(run)
        return connect(run.building)

    return once


def lookups(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[Any, ...]]:
    rows = con.execute("SELECT file, looked_up, feeds, rows_read, bad_lines, reasons FROM audit.lookups").fetchall()
    return {row[0]: row[1:] for row in rows}


def refused(con: duckdb.DuckDBPyConnection) -> list[tuple[str | None, str]]:
    return con.execute("SELECT feed, reason FROM audit.refused ORDER BY ALL").fetchall()


@dataclass(frozen=True)
class Case:
    """A file that is looked up, with lines that are no rows, and the account of it."""

    source: str
    files: Files
    file: str
    added: str | bytes
    account: tuple[Any, ...]
    kept: list[tuple[int, str, str]]

    def __str__(self) -> str:
        return self.file


CASES = [
    Case(
        "omop", OMOP, "CONCEPT.csv", '12,canary\n13,"canary"x,RxNorm,1\n14,fine,RxNorm,2\n15,too,many,of,them\n',
        ("concept", ["labs", "prescriptions"], 5, 3, "wrong number of fields (2); broken quote (1)"),
        [(3, "wrong number of fields", "12,canary"), (4, "broken quote", '13,"canary"x,RxNorm,1'),
         (6, "wrong number of fields", "15,too,many,of,them")],
    ),
    Case(
        "fhir", FHIR, "Medication.ndjson", b'{"resourceType": "Medication", "id":\n\xff\n',
        ("medication", ["prescriptions"], 3, 2, "not JSON (1); not UTF-8 (1)"),
        [(2, "not JSON", '{"resourceType": "Medication", "id":'), (3, "not UTF-8", "\N{REPLACEMENT CHARACTER}")],
    ),
    Case(
        "mimic", MIMIC, "D_LABITEMS.csv", "50913,A canary\0,Blood,\n",
        ("d_labitems", ["labs"], 2, 1, "NUL byte (1)"),
        [(3, "NUL byte", "50913,A canary\0,Blood,")],
    ),
]  # fmt: skip


def with_bad_lines(case: Case) -> Files:
    first, added = (text.encode() if isinstance(text, str) else text for text in (case.files[case.file], case.added))
    return {**case.files, case.file: first + added}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_bad_lines_are_counted_and_kept(loaded: Load, case: Case) -> None:
    with loaded(with_bad_lines(case), case.source) as con:
        assert lookups(con)[case.file] == case.account
        query = "SELECT line, reason, raw FROM audit.quarantine WHERE feed IS NULL AND file = ? ORDER BY line"
        kept = con.execute(query, [case.file]).fetchall()
        # What can be looked up is, whatever stands in the lines beside it.
        found = con.execute("SELECT drug_name FROM extracts.prescriptions").fetchall()
        batches = con.execute("SELECT count(*) FROM audit.batches WHERE file = ?", [case.file]).fetchall()
    assert [(line, reason, json.loads(raw)) for line, reason, raw in kept] == case.kept
    assert found == [("Baclofen" if case.source == "mimic" else "baclofen 10 MG Oral Tablet",)]
    assert batches == [(0,)]


def test_a_sound_file_is_in_the_accounts_too(loaded: Load) -> None:
    strength = "drug_concept_id,ingredient_concept_id,amount_value,amount_unit_concept_id\n"
    with loaded({**OMOP, "DRUG_STRENGTH.csv": strength, "DEATH.csv": "person_id,death_date\n1,2020-05-01\n"}, "omop") as con:
        assert lookups(con) == {
            "CONCEPT.csv": ("concept", ["labs", "prescriptions"], 1, 0, None),
            "DEATH.csv": ("death", ["patients"], 1, 0, None),
            "DRUG_STRENGTH.csv": ("drug_strength", ["prescriptions"], 0, 0, None),
        }
        hashes = con.execute("SELECT length(sha256), run_id IS NOT NULL FROM audit.lookups").fetchall()
    assert set(hashes) == {(64, True)}


def test_parts_and_parquet_files_are_counted_each(loaded: Load, tmp_path: Path) -> None:
    part = tmp_path / "part.parquet"
    duckdb.execute(
        f"COPY (SELECT i AS concept_id, 'x' AS concept_name, 'RxNorm' AS vocabulary_id, '1' AS concept_code FROM range(100, 107) AS t (i)) "
        f"TO '{part}' (FORMAT parquet)"
    )
    with loaded({**OMOP, "concept-2.parquet": part.read_bytes()}, "omop") as con:
        assert {name: row[2] for name, row in lookups(con).items()} == {"CONCEPT.csv": 1, "concept-2.parquet": 7}


def test_a_table_that_is_a_feed_too_is_in_the_accounts_of_the_feed(loaded: Load) -> None:
    with loaded(MIMIC, "mimic") as con:
        assert list(lookups(con)) == ["D_LABITEMS.csv"]
        counts = con.execute(
            "SELECT feed, rows_read, rows_quarantined FROM audit.batches WHERE file = 'ADMISSIONS.csv'"
        ).fetchall()
        kept = con.execute("SELECT feed, line FROM audit.quarantine").fetchall()
    assert (counts, kept) == ([("encounters", 2, 1)], [("encounters", 3)])


def test_resources_of_one_file_are_counted_each_in_their_place(loaded: Load) -> None:
    both = str(FHIR["Medication.ndjson"]) + "bad\n" + str(FHIR["MedicationRequest.ndjson"])
    files = {name: content for name, content in FHIR.items() if not name.startswith("Medication")}
    with loaded({**files, "MedicationRequest.ndjson": both}, "fhir") as con:
        # The bad line is the one of the feed that the file is named after.
        assert lookups(con) == {"MedicationRequest.ndjson": ("medication", ["prescriptions"], 1, 0, None)}
        assert con.execute("SELECT feed, line FROM audit.quarantine").fetchall() == [("prescriptions", 2)]


CUT = gzip.compress(str(FHIR["Medication.ndjson"]).encode() * 50)[:-20]


def told(file: str, wrong: str, lack: str) -> str:
    return f"The file {file} {wrong}. Without it {lack}."


def test_a_resource_file_that_breaks_off_says_what_goes_without_it(loaded: Load) -> None:
    files = {name: content for name, content in FHIR.items() if name != "Medication.ndjson"}
    lack = "a drug that is only referred to goes by the words of the reference (prescriptions, administrations)"
    with loaded({**files, "Medication.ndjson.gz": CUT}, "fhir") as con:
        assert refused(con) == [(None, told("Medication.ndjson.gz", "cannot be read to its end", lack))]
        assert con.execute("SELECT drug_name FROM extracts.prescriptions").fetchall() == [("Lioresal",)]
        assert lookups(con) == {}


def test_a_table_that_is_refused_says_what_goes_without_it(loaded: Load) -> None:
    strength = "a strength is known only from names and code lists (prescriptions)"
    place = "nobody knows at which facility it was (prescriptions, labs)"
    with loaded({**OMOP, "DRUG_STRENGTH.csv": "", "VISIT_OCCURRENCE.csv": ""}, "omop") as con:
        assert refused(con) == [
            ("encounters", "The file VISIT_OCCURRENCE.csv is empty."),
            (None, told("DRUG_STRENGTH.csv", "is empty", strength)),
            (None, told("VISIT_OCCURRENCE.csv", "is empty", place)),
        ]


def test_a_parquet_file_that_is_broken_inside_says_so_too(loaded: Load, tmp_path: Path) -> None:
    part = tmp_path / "death.parquet"
    duckdb.execute(
        f"COPY (SELECT i AS person_id, uuid() AS death_date FROM range(1, 5000) AS t (i)) TO '{part}' (FORMAT parquet)"
    )
    content = part.read_bytes()
    with loaded({**OMOP, part.name: content[:1000] + b"\xff" * 60_000 + content[61_000:]}, "omop") as con:
        lack = "nobody is known to have died (patients)"
        assert refused(con) == [(None, told("death.parquet", "is not a readable Parquet file", lack))]
        assert con.execute("SELECT count(*) FROM extracts.patients").fetchall() == [(1,)]
        assert list(lookups(con)) == ["CONCEPT.csv"]


def test_a_table_that_a_needed_feed_cannot_do_without_ends_the_run(loaded: Load) -> None:
    with pytest.raises(NightroundsError, match=r"The file CONCEPT\.csv is empty\."):
        loaded({**OMOP, "CONCEPT.csv": ""}, "omop")


def test_a_site_need_not_say_what_goes_without_a_table(loaded: Load, project: Project, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for path in sorted((project.sql / "sources" / "native").glob("*.sql")):
        (own / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (own / "patients.sql").write_text(
        "-- needs: patients.patient_id\n"
        "SELECT p.patient_id, p.birth_date, p.sex, h.house AS facility_id, p.file, p.line "
        "FROM raw.patients AS p LEFT JOIN raw.houses AS h ON p.ward = h.ward",
        encoding="utf-8",
    )
    files: Files = {
        "patients.csv": "patient_id,birth_date,sex,ward\n1,1950-01-01,female,w\n",
        "prescriptions.csv": "prescription_id,patient_id,drug_name,start_date\n1,1,baclofen,2020-01-01\n",
        "labs.csv": "lab_id,patient_id,collected_at,test_name,value\n",
        "houses.csv": "",
    }
    with loaded(files, str(own)) as con:
        assert refused(con) == [(None, told("houses.csv", "is empty", "what is looked up in it stays empty (patients)"))]
    with loaded({**files, "houses.csv": "ward,house\nw,h\nbroken\n"}, str(own)) as con:
        assert lookups(con) == {"houses.csv": ("houses", ["patients"], 2, 1, "wrong number of fields (1)")}


@pytest.mark.parametrize("name", ["omop", "fhir", "mimic", "synthea", "native"])
def test_every_source_says_what_goes_without_a_table(project: Project, name: str) -> None:
    for feed in load_source(project.sql / "sources" / name).values():
        written = {match.group(1) for match in map(WITHOUT.match, feed.file.header) if match}
        assert written == set(feed.without), feed.file.path


@pytest.fixture
def audited(checkout: Project, tmp_path: Path) -> Run:
    """A whole audit, without a rule, of an extract with bad lines in one file that is looked up and with another that is refused."""
    extract = write(tmp_path / "extract", {**with_bad_lines(CASES[0]), "DRUG_STRENGTH.csv": "", "DEATH.csv": "person_id\n1\n"})
    run = new_run(checkout, Site(name="test"), extract, source="omop", out=tmp_path / "out", as_of=AS_OF, accept_gate="small")
    run_audit(run)
    return run


def test_the_page_on_data_quality_shows_them_without_a_value(audited: Run) -> None:
    shown = page(audited, "dashboard/data-quality")
    assert "Files that are only looked up" in shown
    assert "<bdi>CONCEPT.csv</bdi>" in shown
    assert "wrong number of fields (2); broken quote (1)" in shown
    assert "a strength is known only from names and code lists (prescriptions)" in shown
    assert "canary" not in shown
    manifest = json.loads((audited.out / "current" / "manifest.json").read_text(encoding="utf-8"))
    assert [(one["file"], one["bad_lines"]) for one in manifest["lookups"]] == [("CONCEPT.csv", 3), ("DEATH.csv", 0)]
    assert "canary" not in json.dumps(manifest)
    assert ask(audited, "SELECT comment FROM docs.tables WHERE table_name = 'lookups'")[0][0]
