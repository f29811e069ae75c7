"""The invented delivery in data_samples: audited as a whole, every answer in it must come out, and every row be accounted for."""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from nightrounds.database import connect_reader
from nightrounds.files import read_info
from nightrounds.pipeline import run_audit
from nightrounds.project import Project
from nightrounds.run import new_run
from nightrounds.site import Site, load_site


@pytest.fixture(scope="module")
def published(sample: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The analysts' database of an audit of data_samples/native."""
    with connect_reader(sample / "nightrounds.duckdb") as con:
        yield con


def answers(project: Project) -> list[dict[str, str]]:
    with (project.samples / "native" / "answers.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_answer_comes_out(published: duckdb.DuckDBPyConnection, project: Project) -> None:
    rows = published.execute(
        "SELECT rule_id, patient_id, outcome, coalesce(severity, ''), index_date FROM audit.results"
    ).fetchall()
    found: dict[tuple[str, str], list[tuple[str, str, date]]] = {}
    for rule_id, patient_id, outcome, severity, index_date in rows:
        found.setdefault((rule_id, patient_id), []).append((outcome, severity, index_date))
    wrong = []
    for answer in answers(project):
        units = found.get((answer["rule_id"], answer["patient_id"]), [])
        wanted = (answer["outcome"], answer["severity"], answer["index_date"])
        if not any(_fits(wanted, unit) for unit in units):
            wrong.append((answer["rule_id"], answer["case"], wanted, units))
    assert wrong == []


def _fits(wanted: tuple[str, str, str], unit: tuple[str, str, date]) -> bool:
    """Compare with what the case states; a case need not state severity or index date."""
    outcome, severity, index_date = wanted
    return outcome == unit[0] and severity in ("", unit[1]) and index_date in ("", unit[2].isoformat())


def test_every_rule_has_findings_and_near_misses(published: duckdb.DuckDBPyConnection) -> None:
    """A rule that only describes has no findings; one that finds fault with every unit but the excluded has none clear."""
    rows = published.execute(
        """
        SELECT r.kind, count_if(s.outcome = 'finding'), count_if(s.outcome IN ('clear', 'excluded'))
        FROM audit.rules AS r LEFT JOIN audit.results AS s USING (rule_id) GROUP BY r.rule_id, r.kind
        """
    ).fetchall()
    assert len(rows) == 41
    assert all(others and (findings or kind == "descriptive") for kind, findings, others in rows)


def test_faults_planted_in_the_sample_are_quarantined(published: duckdb.DuckDBPyConnection) -> None:
    rows = dict(published.execute("SELECT row_id, reason FROM audit.quarantine WHERE row_id IS NOT NULL").fetchall())
    assert rows == {
        "L1": "not a number",
        "L2": "unparseable date",
        "L3": "unknown patient",
        "L4": "unit contradicts value",
        "L5": "unknown unit",
        "R1": "start after end",
        "R2": "drug code or name is required",
        "R3": "conflicting duplicate",
    }


def test_rows_add_up_in_every_file(published: duckdb.DuckDBPyConnection) -> None:
    unequal = "SELECT file FROM audit.batches WHERE rows_read <> rows_loaded + rows_quarantined + rows_superseded"
    assert published.execute(unequal).fetchall() == []
    assert published.execute("SELECT count(*) FROM audit.batches WHERE rows_read > 0").fetchall()[0][0] >= 9


def test_sample_is_what_synth_writes(project: Project, tmp_path: Path) -> None:
    # Whoever changes a case writes the sample again:
    # nightrounds synth --patients 5400 --out data_samples/native --as-of 2026-06-30
    from nightrounds.synth import synthesise

    extract = project.samples / "native"
    as_of = read_info(extract).extracted_on
    assert as_of is not None
    synthesise(project, tmp_path, as_of, 5400, 1)
    for path in sorted(extract.iterdir()):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_patients_are_men_and_women_of_all_ages_in_every_month(published: duckdb.DuckDBPyConnection) -> None:
    """The cases' own are women of one age in a few months; their copies make up for it, and none of them lives in the future."""
    people = "SELECT avg((sex = 'male')::INTEGER), count(DISTINCT year(birth_date)), max(last_seen) FROM facts.people"
    share_of_men, years, last_seen = published.execute(people).fetchall()[0]
    assert 0.3 < share_of_men < 0.6
    assert years > 60
    assert last_seen <= date(2026, 6, 30)
    months = "SELECT sum(numerator) FROM mart.rule_month WHERE month BETWEEN '2024-07-01' AND '2026-06-01' GROUP BY month"
    findings = [count for (count,) in published.execute(months).fetchall()]
    assert (len(findings), min(findings) > 80) == (24, True), findings


def test_the_demo_names_rules_and_prescribers_that_there_are(published: duckdb.DuckDBPyConnection, project: Project) -> None:
    site = load_site(project.samples / "site.toml")
    named = {*site.rebases, *(remark.rule for remark in site.annotations if remark.rule)}
    assert named <= {rule for (rule,) in published.execute("SELECT rule_id FROM audit.rules").fetchall()}
    with (project.samples / "native" / "prescriber_groups.csv").open(encoding="utf-8", newline="") as file:
        grouped = {row["prescriber_id"] for row in csv.DictReader(file)}
    prescribers = published.execute("SELECT DISTINCT prescriber_id FROM facts.prescriptions WHERE prescriber_id LIKE 'doctor %'")
    assert grouped == {prescriber for (prescriber,) in prescribers.fetchall()}


@pytest.mark.parametrize("source", ["omop", "fhir", "synthea", "mimic"])
def test_other_formats_come_to_the_same_answers(project: Project, tmp_path: Path, source: str) -> None:
    extract = project.samples / source
    run = new_run(project, Site(name="samples"), extract, source=source, out=tmp_path, as_of=read_info(extract).extracted_on)
    run_audit(run)
    with connect_reader(tmp_path / "current" / "nightrounds.duckdb") as con:
        found = con.execute(
            "SELECT rule_id, patient_id, outcome, coalesce(severity, '') FROM audit.results ORDER BY ALL"
        ).fetchall()
    with (extract / "answers.csv").open(encoding="utf-8", newline="") as file:
        wanted = sorted((row["rule_id"], row["patient_id"], row["outcome"], row["severity"]) for row in csv.DictReader(file))
    assert found == wanted
