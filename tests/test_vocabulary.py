"""Importing vocabularies: invented ones of both kinds, small enough to see what must come of every line.

A baclofen tablet, pump ampoule, brand and pack; cyclobenzaprine under the tongue; teriparatide with the other drug that
RxNorm files under it; magnesium in an antacid, a multivitamin, a bowel preparation and an impossible tablet; and codes that
the project's lists hold already. No code here is a real one unless it stands in the project's lists.
"""

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from nightrounds.cli import app
from nightrounds.codelists import load_codelists
from nightrounds.database import connect
from nightrounds.errors import NightroundsError
from nightrounds.extracts import load
from nightrounds.project import Project
from nightrounds.run import Run
from nightrounds.site import Site
from nightrounds.vocabulary import widen
from nightrounds.warehouse import build_facts

Rows = dict[tuple[str, ...], tuple[str | None, ...]]

# RxNorm codes: term type, name, dose form. Ingredients and 197391 are in the project's lists.
NAMES = {
    "1292": ("IN", "baclofen", ""),
    "9000001": ("PIN", "baclofen hydrochloride", ""),
    "9000002": ("SCDC", "baclofen 12 MG", ""),
    "9000003": ("SCDF", "baclofen Oral Tablet", "Oral Tablet"),
    "9000004": ("SCD", "baclofen 12 MG Oral Tablet", "Oral Tablet"),
    "9000005": ("SBD", "baclofen 12 MG Oral Tablet [Crampaway]", "Oral Tablet"),
    "9000006": ("BN", "Crampaway", ""),
    "9000007": ("GPCK", "{7 (baclofen 12 MG Oral Tablet) } Pack", "Pack"),
    "9000008": ("SCD", "10 ML baclofen 0.7 MG/ML Injection", "Injection"),
    "197391": ("SCD", "baclofen 10 MG Oral Tablet", "Oral Tablet"),
    "21949": ("IN", "cyclobenzaprine", ""),
    "9000010": ("SCD", "cyclobenzaprine hydrochloride 3 MG Sublingual Tablet", "Sublingual Tablet"),
    "32915": ("IN", "teriparatide", ""),
    "9000020": ("SBD", "1 ML palopegteriparatide 0.3 MG/ML Pen Injector [Yorvipath]", "Pen Injector"),
    "9000021": ("SCD", "teriparatide 0.04 MG/ACTUAT Pen Injector", "Pen Injector"),
    "6582": ("IN", "magnesium oxide", ""),
    "6585": ("IN", "magnesium sulfate", ""),
    "9000030": ("SCD", "calcium carbonate 500 MG / magnesium oxide 90 MG Chewable Tablet", "Chewable Tablet"),
    "9000031": ("SCD", "biotin 1 MG / calcium 5 MG / copper 1 MG / iron 5 MG / magnesium oxide 9 MG / zinc 1 MG Oral Tablet", ""),
    "9000032": ("SCD", "magnesium sulfate 1000 MG / potassium sulfate 900 MG / sodium sulfate 9000 MG Oral Solution", ""),
    "9000033": ("SCD", "magnesium oxide 276000 MG Oral Tablet", "Oral Tablet"),
    "9000034": ("SCD", "10 ML magnesium sulfate 333 MG/ML Injection", "Injection"),
    "161": ("IN", "acetaminophen", ""),
    "9000040": ("SCD", "acetaminophen 333 MG Oral Tablet", "Oral Tablet"),
}  # fmt: skip
# Ingredient -> the products that hold it (OMOP says so at once, RxNorm step by step).
FAMILY = {
    "1292": ["9000002", "9000003", "9000004", "9000005", "9000007", "9000008", "197391"],
    "21949": ["9000010"],
    "32915": ["9000020", "9000021"],
    "6582": ["9000030", "9000031", "9000033"],
    "6585": ["9000032", "9000034"],
    "161": ["9000040"],
}
NDC = {"99988007701": "9000004", "99988007702": "9000004", "99988006601": "9000008"}
SNOMED = {"99900000001": "9000004"}
CLASSES = {
    "IN": "Ingredient", "PIN": "Precise Ingredient", "SCDC": "Clinical Drug Comp", "SCDF": "Clinical Drug Form",
    "SCD": "Clinical Drug", "SBD": "Branded Drug", "BN": "Brand Name", "GPCK": "Clinical Pack",
}  # fmt: skip

# What is written: (list, system, code) -> ingredient, route group, product class, salt, mg, ml, level.
BACLOFEN: Rows = {
    ("ndc", "999880066"): ("baclofen", "intrathecal", None, None, "0.7", "1", "product"),
    ("ndc", "999880077"): ("baclofen", "oral", None, None, "12", None, "product"),
    ("rxnorm", "9000001"): ("baclofen", None, None, None, None, None, "ingredient"),
    ("rxnorm", "9000002"): ("baclofen", None, None, None, "12", None, "ingredient"),
    ("rxnorm", "9000003"): ("baclofen", "oral", None, None, None, None, "drug"),
    ("rxnorm", "9000004"): ("baclofen", "oral", None, None, "12", None, "drug"),
    ("rxnorm", "9000005"): ("baclofen", "oral", None, None, "12", None, "product"),
    ("rxnorm", "9000006"): ("baclofen", None, None, None, None, None, "brand"),
    ("rxnorm", "9000007"): ("baclofen", "oral", None, None, "12", None, "drug"),
    ("rxnorm", "9000008"): ("baclofen", "intrathecal", None, None, "0.7", "1", "drug"),
    ("snomed", "99900000001"): ("baclofen", "oral", None, None, "12", None, "drug"),
}
MAGNESIUM: Rows = {
    ("rxnorm", "9000030"): ("magnesium", "oral", None, "oxide", "90", None, "drug"),
    ("rxnorm", "9000032"): ("magnesium", "oral", "bowel_prep", "sulfate", "1000", None, "drug"),
    ("rxnorm", "9000034"): ("magnesium", "injectable", "intravenous", "sulfate", "333", "1", "drug"),
}
EXPECTED: dict[str, Rows] = {
    "drug_baclofen.csv": BACLOFEN,
    "drug_cyclobenzaprine.csv": {("rxnorm", "9000010"): ("cyclobenzaprine", "other", None, None, "3", None, "drug")},
    "drug_magnesium.csv": MAGNESIUM,
    "drug_teriparatide.csv": {("rxnorm", "9000021"): ("teriparatide", "injectable", None, None, "0.04", None, "drug")},
}


def lines(path: Path, rows: Iterable[Iterable[str]], mark: str, end: str = "") -> None:
    path.write_text("".join(mark.join(row) + end + "\n" for row in rows), encoding="utf-8")


def omop(folder: Path) -> Path:
    """Write the vocabulary as Athena does: tabs, no quotes."""
    folder.mkdir()
    header = "concept_id concept_name domain_id vocabulary_id concept_class_id standard_concept concept_code valid_start_date"
    ids = {code: f"1{code}" for code in NAMES}
    forms = {form: f"77{n}" for n, form in enumerate(sorted({form for _, _, form in NAMES.values() if form}))}
    concepts = [header.split()]
    concepts += [[ids[c], name, "Drug", "RxNorm", CLASSES[tty], "S", c, "2020-01-01"] for c, (tty, name, _) in NAMES.items()]
    concepts += [[i, form, "Drug", "RxNorm", "Dose Form", "", f"D{i}", "2020-01-01"] for form, i in forms.items()]
    concepts += [[f"2{c}", 'odd "name', "Drug", "NDC", "11-digit NDC", "", c, "2020-01-01"] for c in NDC]
    concepts += [[f"3{c}", "Baclofen 12 mg oral tablet", "Drug", "SNOMED", "Clinical Drug", "", c, "2020-01-01"] for c in SNOMED]
    lines(folder / "CONCEPT.csv", concepts, "\t")
    ancestors = [["ancestor_concept_id", "descendant_concept_id", "min_levels_of_separation"]]
    ancestors += [[ids[top], ids[code], "2"] for top, codes in FAMILY.items() for code in [top, *codes]]
    lines(folder / "Concept_Ancestor.CSV", ancestors, "\t")
    relations = [["concept_id_1", "concept_id_2", "relationship_id", "valid_start_date", "invalid_reason"]]
    relations += [[ids[c], forms[form], "RxNorm has dose form", "", ""] for c, (_, _, form) in NAMES.items() if form]
    relations += [[f"2{c}", ids[target], "Maps to", "", ""] for c, target in NDC.items()]
    relations += [[f"3{c}", ids[target], "Maps to", "", ""] for c, target in SNOMED.items()]
    relations += [[ids["9000001"], ids["1292"], "Maps to", "", ""], [ids["9000006"], ids["1292"], "Tradename of", "", ""]]
    relations += [[ids["9000040"], ids["1292"], "Maps to", "", "D"]]
    lines(folder / "CONCEPT_RELATIONSHIP.csv", relations, "\t")
    versions = [["vocabulary_id", "vocabulary_name", "vocabulary_version"], ["RxNorm", "RxNorm (NLM)", "RxNorm 20260105"]]
    lines(folder / "VOCABULARY.csv", versions, "\t")
    return folder


def rxnorm(folder: Path) -> Path:
    """Write the vocabulary as RxNorm is released: pipes, no header, a pipe at the end of the line."""
    (folder / "rrf").mkdir(parents=True)
    forms = {form: f"77{n}" for n, form in enumerate(sorted({form for _, _, form in NAMES.values() if form}))}
    atoms = [(code, "RXNORM", tty, code, name, "N") for code, (tty, name, _) in NAMES.items()]
    atoms += [(code, "RXNORM", "DF", code, form, "N") for form, code in forms.items()]
    atoms += [(target, "SNOMEDCT_US", "PT", code, "Baclofen 12 mg oral tablet", "N") for code, target in SNOMED.items()]
    atoms += [("1292", "RXNORM", "SY", "1292", "another word for it", "N"), ("9000040", "RXNORM", "SCD", "1", "unsaid", "E")]
    consos = [[c, "ENG", "", "", "", "", "", "", "", "", "", sab, tty, n, s, "", k, ""] for c, sab, tty, n, s, k in atoms]
    lines(folder / "rrf" / "RXNCONSO.RRF", consos, "|", "|")
    steps = [("1292", "9000001", "form_of"), ("1292", "9000002", "has_ingredient"), ("1292", "9000003", "has_ingredient"),
             ("9000002", "9000004", "consists_of"), ("9000003", "9000004", "isa"), ("9000004", "9000005", "tradename_of"),
             ("1292", "9000006", "tradename_of"), ("9000006", "9000005", "has_ingredient"), ("9000004", "9000007", "contains"),
             # A brand is not followed: what else bears its name need not hold the ingredient.
             ("9000006", "9000040", "has_ingredient")]  # fmt: skip
    direct = [(top, code, "has_ingredient") for top, codes in FAMILY.items() for code in codes if not code.startswith("900000")]
    steps += [*direct, ("1292", "9000008", "has_ingredient")]
    steps += [(forms[form], code, "has_dose_form") for code, (_, _, form) in NAMES.items() if form]
    relations = [[one, "", "CUI", "RO", two, "", "CUI", rela, "", "", "RXNORM", "", "", "", "", ""] for one, two, rela in steps]
    lines(folder / "rrf" / "RXNREL.RRF", relations, "|", "|")
    sats = [[target, "", "", "", "CUI", "", "", "", "NDC", "RXNORM", code, "N", ""] for code, target in NDC.items()]
    sats += [["9000004", "", "", "", "CUI", "", "", "", "NDC", "MTHSPL", "11111-2222-33", "N", ""]]
    lines(folder / "rrf" / "RXNSAT.RRF", sats, "|", "|")
    lines(folder / "rrf" / "RXNSAB.RRF", [["C1", "C2", "RXNORM_25AB_260105F", "RXNORM", *[""] * 21]], "|", "|")
    return folder


KINDS = {"omop": omop, "rxnorm": rxnorm}
VERSIONS = {"omop": "OMOP vocabulary, RxNorm 20260105", "rxnorm": "RXNORM_25AB_260105F"}


def written(folder: Path) -> dict[str, Rows]:
    """What stands in a folder of imported lists."""
    found: dict[str, Rows] = {}
    for path in sorted(folder.iterdir()):
        query = (
            "SELECT system, code, ingredient, route_group, product_class, salt, strength_mg, per_ml, level "
            "FROM read_csv($file, header = true, all_varchar = true)"
        )
        rows = duckdb.execute(query, {"file": str(path)}).fetchall()
        found[path.name] = {row[:2]: row[2:] for row in rows}
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_an_import_writes_what_the_lists_lack(project: Project, tmp_path: Path, kind: str) -> None:
    counts = widen(project, KINDS[kind](tmp_path / kind), tmp_path / "own")
    assert written(tmp_path / "own") == EXPECTED
    assert counts == {name: len(rows) for name, rows in EXPECTED.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_an_imported_row_says_where_it_comes_from(project: Project, tmp_path: Path, kind: str) -> None:
    widen(project, KINDS[kind](tmp_path / kind), tmp_path / "own")
    query = "SELECT DISTINCT match, source, checked FROM read_csv($files, header = true, all_varchar = true)"
    files = [str(path) for path in (tmp_path / "own").iterdir()]
    assert duckdb.execute(query, {"files": files}).fetchall() == [("exact", VERSIONS[kind], "imported")]


@pytest.mark.parametrize(("kind", "named"), [("omop", "VOCABULARY.csv"), ("rxnorm", "rrf/RXNSAB.RRF")])
def test_without_a_version_the_date_is_the_source(project: Project, tmp_path: Path, kind: str, named: str) -> None:
    folder = KINDS[kind](tmp_path / kind)
    (folder / named).unlink()
    widen(project, folder, tmp_path / "own")
    text = (tmp_path / "own" / "drug_baclofen.csv").read_text(encoding="utf-8")
    assert ("RxNorm up to 2020-01-01" if kind == "omop" else "RXNCONSO.RRF of 20") in text


def test_the_smaller_files_may_be_absent(project: Project, tmp_path: Path) -> None:
    folder = omop(tmp_path / "omop")
    (folder / "CONCEPT_RELATIONSHIP.csv").unlink()
    widen(project, folder, tmp_path / "own")
    # No national codes, no brands; the dose form is read from the name.
    expected = {key: row for key, row in BACLOFEN.items() if key[0] == "rxnorm" and key[1] not in ("9000001", "9000006")}
    assert written(tmp_path / "own")["drug_baclofen.csv"] == expected


def test_a_run_of_a_site_uses_the_imported_lists(project: Project, tmp_path: Path) -> None:
    widen(project, omop(tmp_path / "omop"), tmp_path / "own")
    extract = tmp_path / "extract"
    extract.mkdir()
    (extract / "patients.csv").write_text("patient_id,birth_date,sex\np,1960-01-01,female\n", encoding="utf-8")
    (extract / "labs.csv").write_text("lab_id,patient_id,collected_at,test_code,value\n", encoding="utf-8")
    (extract / "prescriptions.csv").write_text(
        "prescription_id,patient_id,drug_code,drug_code_system,start_date\nrx1,p,99988-0077-01,ndc,2026-01-01\n"
        "rx2,p,9000008,rxnorm,2026-01-01\nrx3,p,197391,rxnorm,2026-01-01\n", encoding="utf-8",
    )  # fmt: skip
    night = datetime(2026, 3, 1, 2)  # noqa: DTZ001 - UTC by convention
    site = Site(name="own lists", codelists=tmp_path / "own")
    run = Run(project, site, extract, "native", tmp_path, tmp_path / "w.duckdb", date(2026, 3, 1), night, "a test")
    load(run)
    with connect(run.building) as con:
        build_facts(con, project.sql, run.values)
        rows = con.execute("SELECT row_id, ingredient, route_group FROM facts.prescriptions ORDER BY row_id").fetchall()
    assert rows == [("rx1", "baclofen", "oral"), ("rx2", "baclofen", "intrathecal"), ("rx3", "baclofen", "oral")]


def test_a_second_import_replaces_the_first_and_nothing_written_by_hand(project: Project, tmp_path: Path) -> None:
    own = tmp_path / "own"
    widen(project, omop(tmp_path / "omop"), own)
    (own / "drug_quinine.csv").write_bytes((own / "drug_baclofen.csv").read_bytes())
    widen(project, rxnorm(tmp_path / "rxnorm"), own)
    assert written(own) == EXPECTED
    by_hand = (own / "drug_baclofen.csv").read_text(encoding="utf-8").replace(",imported", ",1 source", 1)
    (own / "drug_baclofen.csv").write_text(by_hand, encoding="utf-8")
    with pytest.raises(NightroundsError, match=r"drug_baclofen.csv was not written by an import"):
        widen(project, omop(tmp_path / "again"), own)
    assert (own / "drug_baclofen.csv").read_text(encoding="utf-8") == by_hand


def test_a_vocabulary_that_cannot_be_used_is_refused_in_a_sentence(project: Project, tmp_path: Path) -> None:
    folder, own = omop(tmp_path / "omop"), tmp_path / "own"
    ancestor = folder / "Concept_Ancestor.CSV"
    text = ancestor.read_text(encoding="utf-8")
    ancestor.write_text(text.splitlines()[0] + "\n", encoding="utf-8")
    with pytest.raises(NightroundsError, match=r"CONCEPT_ANCESTOR, which says which products hold an ingredient, is empty\. "):
        widen(project, folder, own)
    ancestor.write_text("ancestor_concept_id\tdescendant_concept_id\n1\t2\n", encoding="utf-8")
    (folder / "CONCEPT.csv").write_text(
        (folder / "CONCEPT.csv").read_text(encoding="utf-8").replace("\tRxNorm\t", "\tSPL\t"), encoding="utf-8"
    )
    with pytest.raises(NightroundsError, match="knows none of the ingredients"):
        widen(project, folder, own)
    ancestor.write_text("ancestor\tdescendant_concept_id\n1\t2\n", encoding="utf-8")
    with pytest.raises(NightroundsError, match="lacks the column ancestor_concept_id"):
        widen(project, folder, own)
    ancestor.unlink()
    with pytest.raises(NightroundsError, match=r"CONCEPT_ANCESTOR, .*, is not there\."):
        widen(project, folder, own)
    with pytest.raises(NightroundsError, match=r"holds neither CONCEPT\.csv nor RXNCONSO\.RRF"):
        widen(project, project.rules / "leg_cramps", own)
    with pytest.raises(NightroundsError, match="There is no folder"):
        widen(project, tmp_path / "nowhere", own)
    assert not own.exists()


def test_the_command_says_what_it_wrote_and_how_to_use_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, own = omop(tmp_path / "omop"), tmp_path / "own"
    with pytest.raises(NightroundsError, match="--into"):
        app(["vocabulary", "import", str(folder)], result_action="return_value")
    app(["vocabulary", "import", str(folder), "--into", str(own)], result_action="return_value")
    said = capsys.readouterr().out
    assert "16 codes that the lists lacked" in said
    assert f'codelists = "{own}"' in said


# --- a site's own lists, imported or written by hand


def test_a_site_widens_lists_and_adds_new_ones(project: Project, tmp_path: Path) -> None:
    shared = "system,code,match,term,qualifier,source,checked\n"
    (tmp_path / "cond_falls.csv").write_text(
        f"{shared}icd10cm,W00.0XXA,exact,our own words,,us,1 source\nlocal,F1,exact,fell,,us,1 source\n", encoding="utf-8"
    )
    (tmp_path / "cond_ours.csv").write_text(f"{shared}local,X1,exact,ours,,us,1 source\n", encoding="utf-8")
    (tmp_path / "drug_names.csv").write_text(
        "list,words,ingredient,route_group,product_class,kind,source\nbaclofen,bacl,baclofen,,,abbreviation,us\n"
        "baclofen,baclofen,baclofen,,,generic,generic name\n",
        encoding="utf-8",
    )
    (tmp_path / "index.csv").write_text("what stands here is not read\n", encoding="utf-8")
    with connect() as con:
        load_codelists(con, project.rules / "codelists")
        before = counts(con)
        load_codelists(con, project.rules / "codelists", tmp_path)
        after = counts(con)
        falls = con.execute("SELECT term FROM codelists.conditions WHERE list = 'falls' AND code = 'W00.0XXA'").fetchall()
    assert falls != [("our own words",)]
    assert len(falls) == 1
    assert {table: after[table] - before[table] for table in after if after[table] != before[table]} == {
        "conditions": 2, "drug_names": 1,
    }  # fmt: skip


def counts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    tables = [
        name for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'codelists'").fetchall()
    ]
    return {name: con.execute(f"SELECT count(*) FROM codelists.{name}").fetchall()[0][0] for name in tables}


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("falls.csv", "a,b\n", "is no code list"),
        ("cond_falls.csv", "system,code,term\n", "another header than cond_"),
        ("cond_falls.csv", "system;code;match;term;qualifier;source;checked\n", "another header than cond_"),
    ],
)
def test_a_site_list_that_does_not_fit_is_refused(project: Project, tmp_path: Path, name: str, text: str, sentence: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with connect() as con, pytest.raises(NightroundsError, match=sentence):
        load_codelists(con, project.rules / "codelists", tmp_path)


def test_a_site_folder_that_is_not_there_is_told(project: Project, tmp_path: Path) -> None:
    with connect() as con, pytest.raises(NightroundsError, match="which the site names for its code lists"):
        load_codelists(con, project.rules / "codelists", tmp_path / "nowhere")
