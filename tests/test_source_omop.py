"""The OMOP source (sql/sources/omop): what each choice that it makes comes to, and what a real extract gives.

A small invented extract, in which every row is there for one choice, is loaded by the engine as any other.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

import duckdb
import pytest

from nightrounds.database import connect
from nightrounds.extracts import load
from nightrounds.project import Project
from nightrounds.run import new_run
from nightrounds.site import Site

SHARED = Path(__file__).parents[1] / ".." / "shared" / "data" / "omop-synthea27nj"

# Columns that the standard has and no line below needs are left out; so does release 5.3 with those that 5.4 added.
TABLES = {
    "PERSON": """
        person_id,gender_concept_id,gender_source_value,year_of_birth,month_of_birth,day_of_birth,birth_datetime,care_site_id
        1,8532,F,1950,,,1950-03-04 00:00:00,7
        2,8507,M,1950,,,,
        3,8521,,1950,3,,,
        4,0,f,1950,3,4,,
        5,8551,,1950.0,3.0,4.0,,
        6,8507,M,,3,4,,
        """,
    "death": """
        person_id,death_date,death_datetime
        1,2020-02-03,2020-02-03 04:05:06
        2,,2020-02-03 04:05:06
        2,2020-03-03,
        """,
    "concept": """
        concept_id,concept_name,vocabulary_id,concept_code
        0,No matching concept,None,No matching concept
        11,baclofen 10 MG Oral Tablet,RxNorm,197391
        12,baclofen extension,RxNorm Extension,OMOP12
        13,baclofen bottle,NDC,00527133001
        14,Oral,SNOMED,26643006
        21,Creatinine [Mass/volume] in Serum or Plasma,LOINC,2160-0
        22,Creatinine measurement,SNOMED,70901006
        23,milligram per deciliter,UCUM,mg/dL
        24,Positive,SNOMED,10828004
        24,Positive,SNOMED,10828004
        31,Sleep related leg cramps,ICD10CM,G47.62
        32,Cramp in lower limb,SNOMED,449917004
        33,Nocturnal leg cramps,MedDRA,10029416
        41,Hemodialysis,CPT4,90935
        42,Haemodialysis,SNOMED,302497006
        43,Hemodialysis (ICD-9),ICD9Proc,39.95
        51,Emergency Room and Inpatient Visit,Visit,ERIP
        52,Telehealth,Visit,OMOP4822458
        53,Urgent Care Facility,CMS Place of Service,20
        54,Case Management Visit,Visit,OMOP4822460
        """,
    "drug_exposure": """
        drug_exposure_id,person_id,drug_concept_id,drug_source_concept_id,drug_source_value,drug_exposure_start_date,drug_exposure_end_date,verbatim_end_date,drug_type_concept_id,days_supply,quantity,refills,stop_reason,route_concept_id,route_source_value,visit_occurrence_id
        1,1,11,13,197391,2020-01-01,2020-01-01,2020-01-01,32869,0,0,0,,14,po,91
        2,1,11.0,0,,2020-01-01,2020-01-01,,32869,30,60,2,,0,po,92.0
        3,1,11,,,2020-01-01,2020-01-01,,38000180,,,,,,,
        4,1,11,,,2020-01-01,2020-01-30,,32869,30,,,side effect,,,
        5,1,11,,,2020-01-01,2020-01-31,,32869,30,,,Regimen completed,,,
        6,1,11,,,2020-01-01,2020-02-01,,32869,30,,,Entered in error,,,
        7,1,0,13,,2020-01-01,2020-02-01,,32869,30,,,,,,
        8,1,12,13,,2020-01-01,2020-02-01,,32869,30,,,,,,
        9,1,12,0,,2020-01-01,2020-02-01,,32869,30,,,,,,
        10,1,0,0,Lioresal 10 mg,2020-01-01,2020-02-01,,32869,30,,,,,,
        11,1,11,,,1990-01-01,2014-12-25,2014-12-25,32869,9124,,,,,,
        12,1,11,,,1990-01-01,2014-12-25,2014-12-25,32869,9000,,,,,,
        13,1,0,0,00115101001,2020-01-01,2020-02-01,,32869,30,,,,,,
        14,1,0,,0115-1010-01,2020-01-01,2020-02-01,,32869,30,,,,,,
        15,1,0,0,8675309,2020-01-01,2020-02-01,,32869,30,,,,,,
        """,
    "measurement": """
        measurement_id,person_id,measurement_concept_id,measurement_source_concept_id,measurement_source_value,measurement_date,measurement_datetime,operator_concept_id,value_as_number,value_as_concept_id,value_source_value,unit_concept_id,unit_source_value,visit_occurrence_id
        1,1,21,0,crea,2020-01-01,2020-01-01 08:30:00,0,1.1,0,1.1 mg,23,mg/dl,91
        2,1,21,0,,2020-01-01,,4171756,0.4,,,0,MG/DL,
        3,1,21,,,2020-01-01,,4172704,10,,,,mg/dL,
        4,1,22,21,,2020-01-01,,,1.2,,,,mg/dL,
        5,1,0,0,Creatinine,2020-01-01,,,,,<0.3,,mg/dL,
        6,1,0,0,Nitrite,2020-01-01,,,,24,,,,
        7,1,22,0,,2020-01-01,,,,0,,,,
        8,1,21,0,,2020-01-01,,,,0,,23,,
        9,1,21,0,,2020-01-01,,0,10,,>10,,mg/dL,
        10,1,21,0,,2020-01-01,,,1.2,,>10,,mg/dL,
        """,
    "condition_occurrence": """
        condition_occurrence_id,person_id,condition_concept_id,condition_source_concept_id,condition_source_value,condition_start_date,condition_end_date,visit_occurrence_id
        1,1,32,31,G47.62,2020-01-01,2020-01-05,91
        2,1,32,33,cramp,2020-01-01,,
        3,1,0,32,449917004,2020-01-01,,
        4,1,33,0,cramp,2020-01-01,,
        5,1,0,0,cramp,2020-01-01,,
        """,
    "procedure_occurrence": """
        procedure_occurrence_id,person_id,procedure_concept_id,procedure_source_concept_id,procedure_source_value,procedure_date,procedure_datetime
        1,1,42,41,,2020-01-01,2020-01-01 10:00:00
        2,1,42,43,,2020-01-01,
        3,1,42,0,,2020-01-01,
        4,1,0,0,dialysis,2020-01-01,
        """,
    "visit_occurrence": """
        visit_occurrence_id,person_id,visit_concept_id,visit_source_value,visit_start_date,visit_start_datetime,visit_end_date,visit_end_datetime,care_site_id
        91,1,9201,x,2020-01-01,2020-01-01 10:00:00,2020-01-02,2020-01-02 09:00:00,77
        92,1,9203,,2020-01-01,,2020-01-01,,78
        93,1,262,,2020-01-01,,,,
        94,1,9202,,2020-01-01,,,,
        95,1,51,,2020-01-01,,,,
        96,1,52,,2020-01-01,,,,
        97,1,53,,2020-01-01,,,,
        98,1,0,Ambulatory,2020-01-01,,,,
        99,1,54,,2020-01-01,,,,
        100,1,0,,2020-01-01,,,,
        """,
}  # fmt: skip


# Vocabulary that is delivered beside the extract: drugs that the code lists do not have, what they descend from, and how much
# of what is in them. Person, drug and measurement are the fewest that a run needs.
VOCABULARY = {
    "PERSON": """
        person_id,gender_concept_id,year_of_birth
        1,8532,1950
        """,
    "Measurement": """
        measurement_id,person_id,measurement_concept_id,measurement_date
        """,
    "CONCEPT": """
        concept_id,concept_name,vocabulary_id,concept_code
        1,baclofen,RxNorm,1292
        2,metformin,RxNorm,6809
        3,hydrocodone,RxNorm,5489
        4,ibuprofen,RxNorm,5640
        5,baclofen 10 MG,RxNorm,330066
        6,baclofen,SNOMED,387342009
        11,Muscle ease tablet,RxNorm Extension,OMOP11
        12,baclofen 10 MG Oral Tablet,RxNorm,197391
        13,Muscle ease 7 tablet,RxNorm,9999913
        14,Sugar ease tablet,RxNorm,9999914
        15,Two in one,RxNorm Extension,OMOP15
        16,Muscle ease bottle,NDC,99999888877
        17,baclofen bottle,NDC,00172409660
        18,Muscle ease 15 MG Oral Tablet,RxNorm Extension,OMOP18
        19,Muscle ease syrup,RxNorm Extension,OMOP19
        20,Muscle ease ampoule,RxNorm Extension,OMOP20
        21,Muscle ease patch,RxNorm Extension,OMOP21
        22,Muscle ease drops,RxNorm Extension,OMOP22
        23,Muscle ease pack,RxNorm Extension,OMOP23
        24,Muscle ease of old,RxNorm Extension,OMOP24
        25,Muscle ease dust,RxNorm Extension,OMOP25
        26,1 ML baclofen 0.05 MG/ML Prefilled Syringe,RxNorm,1047437
        """,
    "concept_ancestor": """
        ancestor_concept_id,descendant_concept_id,min_levels_of_separation,max_levels_of_separation
        1,1,0,0
        6,11,1,1
        5,11,1,1
        1,11,2,2
        11,11,0,0
        1,12,2,2
        1.0,13,2,2
        1,13,2,2
        26,13,1,1
        2,14,2,2
        4,15,2,2
        3,15,2,2
        1,18,2,2
        1,19,2,2
        1,99,2,2
        """,
    "Drug_Strength": """
        drug_concept_id,ingredient_concept_id,amount_value,amount_unit_concept_id,numerator_value,numerator_unit_concept_id,denominator_value,denominator_unit_concept_id,invalid_reason
        11,1,10,8576,,,,,
        11,1,10.0,8576,,,,,
        12,1,10,8576,,,,,
        13,1,7.50,8576,,,,,
        14,2,1,8504,,,,,
        15,3,5,8576,,,,,
        15,4,200,8576,,,,,
        18,1,15,8576,,,,,
        19,1,,,5,8576,,8587,
        20,1,,,10000,9655,20,8587,
        21,1,,,10,8576,24,8505,
        22,1,10,8510,,,,,
        23,1,5,8576,,,,,
        23,1,10,8576,,,,,
        24,1,10,8576,,,,,U
        25,1,0,8576,,,,,
        99,1,2.5e1,8576,,,,,
        """,
    "concept_relationship": """
        concept_id_1,concept_id_2,relationship_id,invalid_reason
        16,11,Maps to,
        16,14,Maps to,D
        16,14,RxNorm inverse is a,
        17,11,Maps to,
        """,
    "drug_exposure": """
        drug_exposure_id,person_id,drug_concept_id,drug_source_concept_id,drug_source_value,drug_exposure_start_date,days_supply,quantity
        extension,1,11,0,,2020-01-01,30,60
        listed,1,12,,,2020-01-01,,
        unlisted,1,13,,,2020-01-01,,
        no ingredient of ours,1,14,,,2020-01-01,,
        two ingredients,1,15,,,2020-01-01,,
        unlisted source,1,0,16,,2020-01-01,,
        listed source,1,0,17,,2020-01-01,,
        named strength,1,18,,,2020-01-01,,
        per ml,1,19,,,2020-01-01,,
        ampoule,1,20,,,2020-01-01,,
        patch,1,21,,,2020-01-01,,
        units,1,22,,,2020-01-01,,
        pack,1,23,,,2020-01-01,,
        of old,1,24,,,2020-01-01,,
        dust,1,25,,,2020-01-01,,
        not in concept,1,99,,,2020-01-01,,
        nowhere,1,98,,Lioresal,2020-01-01,,
        """,
}  # fmt: skip
# In upper and lower case, and as a file that holds nothing but its header.
OPTIONAL = ("concept_ancestor", "Drug_Strength", "concept_relationship")


def write(folder: Path, tables: Mapping[str, str]) -> Path:
    """Write each table as a CSV file."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, text in tables.items():
        lines = "\n".join(line.strip() for line in text.strip().splitlines())
        (folder / f"{table}.csv").write_text(lines + "\n", encoding="utf-8")
    return folder


def audit_database(project: Project, extract: Path, as_of: date, out: Path) -> Path:
    """Load an OMOP extract, and return the database that the run builds."""
    run = new_run(project, Site(name="test"), extract, source="omop", out=out, as_of=as_of)
    run.building.parent.mkdir(parents=True, exist_ok=True)
    load(run)
    return run.building


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = write(tmp_path_factory.mktemp("omop"), TABLES)
    project = Project(Path(__file__).parents[1])
    with connect(audit_database(project, folder, date(2020, 6, 1), folder / "out")) as opened:
        yield opened


def rows(con: duckdb.DuckDBPyConnection, feed: str, key: str, columns: str) -> dict[str, tuple[object, ...]]:
    found = con.execute(f"SELECT {key}, {columns} FROM extracts.{feed}").fetchall()
    return {row[0]: row[1:] for row in found}


def quarantine(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return con.execute("SELECT feed, row_id, column_name, reason FROM audit.quarantine ORDER BY ALL").fetchall()


def test_people(con: duckdb.DuckDBPyConnection) -> None:
    assert rows(con, "patients", "patient_id", "birth_date::VARCHAR, sex, death_date::VARCHAR, facility_id") == {
        "1": ("1950-03-04", "female", "2020-02-03", "7"),
        "2": ("1950-07-01", "male", "2020-02-03", None),
        "3": ("1950-03-15", "other", None, None),
        "4": ("1950-03-04", "female", None, None),
        "5": ("1950-03-04", "unknown", None, None),
    }


def test_the_drug_goes_by_the_concept_that_the_code_lists_know(con: duckdb.DuckDBPyConnection) -> None:
    found = rows(con, "prescriptions", "prescription_id", "drug_code_system, drug_code, drug_name")
    assert found["1"] == ("rxnorm", "197391", "baclofen 10 MG Oral Tablet")
    assert found["2"] == found["1"]
    assert found["7"] == ("ndc", "00527133001", "baclofen bottle")
    assert found["8"] == ("ndc", "00527133001", "baclofen extension")
    assert found["9"] == ("local", "OMOP12", "baclofen extension")
    assert found["10"] == (None, None, "Lioresal 10 mg")
    assert found["13"] == ("ndc", "00115101001", None)
    assert found["14"] == ("ndc", "0115-1010-01", None)
    assert found["15"] == (None, None, "8675309")


def test_an_end_that_was_filled_in_is_not_believed(con: duckdb.DuckDBPyConnection) -> None:
    found = rows(con, "prescriptions", "prescription_id", "end_date::VARCHAR")
    assert {key: end for key, (end,) in found.items() if int(key) <= 6} == {
        "1": "2020-01-01",
        "2": None,
        "3": "2020-01-01",
        "4": None,
        "5": None,
        "6": "2020-02-01",
    }


def test_nought_says_nothing_and_neither_does_a_supply_of_decades(con: duckdb.DuckDBPyConnection) -> None:
    found = rows(con, "prescriptions", "prescription_id", "days_supply, quantity, refills, end_date::VARCHAR")
    assert found["1"][:3] == (None, None, None)
    assert found["2"][:3] == (30, 60, 2)
    assert found["11"] == (None, None, None, "2014-12-25")
    assert ("prescriptions", "12", "days_supply", "out of range") in quarantine(con)


def test_status_route_and_place(con: duckdb.DuckDBPyConnection) -> None:
    found = rows(con, "prescriptions", "prescription_id", "status, route, facility_id")
    assert found["1"] == ("unknown", "Oral", "77")
    assert found["2"] == ("unknown", "po", "78")
    assert [found[key][0] for key in ("4", "5", "6")] == ["stopped", "completed", "entered-in-error"]


def test_results(con: duckdb.DuckDBPyConnection) -> None:
    found = rows(con, "labs", "lab_id", "test_code_system, test_code, value, unit, comparator, analyte")
    assert found == {
        "1": ("loinc", "2160-0", "1.1", "mg/dL", None, "creatinine"),
        "2": ("loinc", "2160-0", "<0.4", "MG/DL", "<", "creatinine"),
        "3": ("loinc", "2160-0", ">10", "mg/dL", ">", "creatinine"),
        "4": ("loinc", "2160-0", "1.2", "mg/dL", None, "creatinine"),
        # The operator stands in the source's own text only; one of another number is not believed.
        "9": ("loinc", "2160-0", ">10", "mg/dL", ">", "creatinine"),
        "10": ("loinc", "2160-0", "1.2", "mg/dL", None, "creatinine"),
        "5": (None, None, "<0.3", "mg/dL", "<", "creatinine"),
        "6": (None, None, "Positive", None, None, None),
    }
    assert rows(con, "labs", "lab_id", "collected_at::VARCHAR, facility_id")["1"] == ("2020-01-01 08:30:00", "77")


def test_diagnoses(con: duckdb.DuckDBPyConnection) -> None:
    columns = "code_system, code, name, recorded_date::VARCHAR, resolved_date::VARCHAR, encounter_id"
    assert rows(con, "diagnoses", "diagnosis_id", columns) == {
        "1": ("icd10cm", "G47.62", "Sleep related leg cramps", "2020-01-01", "2020-01-05", "91"),
        "2": ("snomed", "449917004", "Cramp in lower limb", "2020-01-01", None, None),
        "3": ("snomed", "449917004", "Cramp in lower limb", "2020-01-01", None, None),
    }


def test_procedures(con: duckdb.DuckDBPyConnection) -> None:
    assert rows(con, "procedures", "procedure_id", "code_system, code, name, performed_at::VARCHAR") == {
        "1": ("cpt", "90935", "Hemodialysis", "2020-01-01 10:00:00"),
        "2": ("icd9pcs", "39.95", "Hemodialysis (ICD-9)", "2020-01-01 00:00:00"),
        "3": ("snomed", "302497006", "Haemodialysis", "2020-01-01 00:00:00"),
    }


def test_visits(con: duckdb.DuckDBPyConnection) -> None:
    classes = {key: kind for key, (kind,) in rows(con, "encounters", "encounter_id", "class").items()}
    assert classes == {
        "91": "inpatient",
        "92": "emergency",
        "93": "inpatient",
        "94": "outpatient",
        "95": "inpatient",
        "96": "virtual",
        "97": "outpatient",
        "98": "outpatient",
    }
    columns = "started_at::VARCHAR, ended_at::VARCHAR, facility_id"
    assert rows(con, "encounters", "encounter_id", columns)["91"] == ("2020-01-01 10:00:00", "2020-01-02 09:00:00", "77")


def test_what_cannot_be_used_is_in_quarantine_and_nothing_else(con: duckdb.DuckDBPyConnection) -> None:
    assert quarantine(con) == [
        ("diagnoses", "4", "code_system", "unknown value"),
        ("diagnoses", "5", "code_system", "required value missing"),
        ("encounters", "100", "class", "required value missing"),
        ("encounters", "99", "class", "unknown value"),
        # Both are creatinine, one by name and one by code, without a result.
        ("labs", "7", "value", "not a number"),
        ("labs", "8", "value", "not a number"),
        ("patients", "6", "birth_date", "required value missing"),
        ("prescriptions", "12", "days_supply", "out of range"),
        ("procedures", "4", "code_system", "required value missing"),
    ]


@pytest.fixture(scope="module")
def vocabulary(
    load_extract: Callable[..., duckdb.DuckDBPyConnection], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """What comes in with the vocabulary beside the extract, facts and all."""
    folder = write(tmp_path_factory.mktemp("vocabulary"), VOCABULARY)
    with load_extract(folder, "omop", date(2020, 6, 1)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("row", "system", "code", "name"),
    [
        # The ingredient, since it is listed as one; SNOMED and the component that lie nearer are not.
        ("extension", "rxnorm", "1292", "Muscle ease tablet"),
        ("unlisted", "rxnorm", "1292", "Muscle ease 7 tablet"),
        ("not in concept", "rxnorm", "1292", "baclofen"),
        # What the source's own code maps to descends from it.
        ("unlisted source", "rxnorm", "1292", "Muscle ease bottle"),
        # A code that is listed says more than its ingredient does.
        ("listed", "rxnorm", "197391", "baclofen 10 MG Oral Tablet"),
        ("listed source", "ndc", "00172409660", "baclofen bottle"),
        # Ibuprofen is in a list too; of several it is always the same one.
        ("two ingredients", "rxnorm", "5489", "Two in one"),
        # Nothing is won by taking the ingredient of what no rule is about.
        ("no ingredient of ours", "rxnorm", "9999914", "Sugar ease tablet"),
        ("nowhere", None, None, "Lioresal"),
    ],
)
def test_a_drug_that_is_not_listed_is_followed_to_its_ingredient(
    vocabulary: duckdb.DuckDBPyConnection, row: str, system: str | None, code: str | None, name: str
) -> None:
    assert rows(vocabulary, "prescriptions", "prescription_id", "drug_code_system, drug_code, drug_name")[row] == (
        system,
        code,
        name,
    )


@pytest.mark.parametrize(
    ("row", "strength"),
    [
        ("extension", "10 mg"),
        ("unlisted", "7.5 mg"),
        ("unlisted source", "10 mg"),
        ("no ingredient of ours", "1 g"),
        ("per ml", "5 mg/mL"),
        ("ampoule", "10000 mcg/20 mL"),
        ("units", None),
        # A name that says it is not said over: the strength as sent would go before it.
        ("listed", None),
        ("named strength", None),
        # Whose strength it is could not be said, nor which tablet of the pack; a patch gives by the hour.
        ("two ingredients", None),
        ("pack", None),
        ("patch", None),
        ("of old", None),
        ("dust", None),
        ("not in concept", "25 mg"),
        ("nowhere", None),
    ],
)
def test_strength_comes_from_the_vocabulary_when_nothing_else_says_it(
    vocabulary: duckdb.DuckDBPyConnection, row: str, strength: str | None
) -> None:
    assert rows(vocabulary, "prescriptions", "prescription_id", "strength")[row] == (strength,)


def test_identity_and_dose_rest_on_the_vocabulary(vocabulary: duckdb.DuckDBPyConnection) -> None:
    columns = "ingredient, matched_by, daily_dose_mg, dose_method"
    found = vocabulary.execute(f"SELECT {columns} FROM facts.prescriptions WHERE row_id = 'extension'").fetchall()
    assert found == [("baclofen", "code:rxnorm", 20, "strength x quantity / days")]


@pytest.mark.parametrize("left_out", ["absent", "header only"])
def test_without_rows_the_vocabulary_says_nothing(project: Project, tmp_path: Path, left_out: str) -> None:
    header = {name: text.strip().splitlines()[0] for name, text in VOCABULARY.items() if name in OPTIONAL}
    tables = {name: text for name, text in VOCABULARY.items() if name not in OPTIONAL}
    folder = write(tmp_path / "extract", tables if left_out == "absent" else {**tables, **header})
    with connect(audit_database(project, folder, date(2020, 6, 1), tmp_path / "out")) as con:
        found = rows(con, "prescriptions", "prescription_id", "drug_code_system, drug_code, strength")
    assert found["extension"] == ("local", "OMOP11", None)
    assert found["unlisted source"] == ("ndc", "99999888877", None)
    assert {strength for _, _, strength in found.values()} == {None}


def test_vocabulary_tables_may_be_named_in_any_case(project: Project, tmp_path: Path) -> None:
    folder = write(tmp_path / "extract", {name.upper(): text for name, text in VOCABULARY.items()})
    with connect(audit_database(project, folder, date(2020, 6, 1), tmp_path / "out")) as con:
        assert rows(con, "prescriptions", "prescription_id", "drug_code, strength")["extension"] == ("1292", "10 mg")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared Synthea27Nj extract is not beside the checkout")
def test_a_real_extract_comes_in_whole(project: Project, tmp_path: Path) -> None:
    """28 patients, 1957 to 2022. Panels ('Hemogram and platelets') stand for no single number and are taken for no analyte."""
    with connect(audit_database(project, SHARED, date(2022, 10, 10), tmp_path)) as con:
        sums = "sum(rows_read), sum(rows_loaded), sum(rows_quarantined), sum(rows_superseded)"
        counts = con.execute(f"SELECT feed, {sums} FROM audit.batches GROUP BY feed ORDER BY feed").fetchall()
        reasons = con.execute("SELECT feed, reason, count(*) FROM audit.quarantine GROUP BY ALL").fetchall()
        ends = con.execute("SELECT count(*), count(end_date), max(days_supply) FROM extracts.prescriptions").fetchall()
        no_result = con.execute("SELECT count(*) FROM extracts.labs WHERE value = 'no result'").fetchall()
    assert counts == [
        ("diagnoses", 470, 470, 0, 0),
        ("encounters", 1791, 1791, 0, 0),
        ("labs", 10040, 10040, 0, 0),
        ("patients", 28, 28, 0, 0),
        ("prescriptions", 883, 883, 0, 0),
        ("procedures", 1649, 1649, 0, 0),
    ]
    assert reasons == []
    # 57 ends stood on the first day without a verbatim one; a supply of 25 years was the distance of the dates.
    assert ends == [(883, 826, 378)]
    assert no_result == [(885,)]
