"""The straight line as a whole: what a run leaves, and that a run that fails leaves everything as it was."""

import fcntl
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from conftest import AS_OF
from nightrounds import pipeline
from nightrounds.database import connect, connect_reader
from nightrounds.errors import GateClosedError, NightroundsError
from nightrounds.extracts import load
from nightrounds.holding import hold
from nightrounds.project import Project
from nightrounds.run import Run, new_run
from nightrounds.site import Limits, Site

Audit = Callable[..., Run]


def ask(run: Run, query: str) -> list[tuple[object, ...]]:
    with connect_reader(run.out / "current" / "nightrounds.duckdb") as con:
        return con.execute(query).fetchall()


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "last-error.txt"
    }


def test_run_leaves_what_outputs_promise(audit: Audit) -> None:
    run = audit()
    current = run.out / "current"
    assert current.readlink() == Path("runs") / run.run_id
    for name in ("manifest.json", "dashboard/index.html", "worklist/index.html", "nightrounds.duckdb"):
        assert (current / name).is_file()
    assert (current / "worklist").stat().st_mode & 0o777 == 0o700
    assert (current / "nightrounds.duckdb").stat().st_mode & 0o777 == 0o640
    assert run.warehouse.stat().st_mode & 0o777 == 0o600


def test_every_unit_has_one_of_five_outcomes(audit: Audit) -> None:
    run = audit()
    rows = ask(run, "SELECT rule_id, outcome, patient_id FROM audit.results")
    assert ("quinine_without_indication", "finding", "canary-one") in rows
    assert ("cyclobenzaprine_older_adult", "clear", "canary-two") in rows
    assert {outcome for _, outcome, _ in rows} <= {"finding", "clear", "excluded", "not_evaluable", "pending"}


def test_rows_read_are_loaded_quarantined_or_superseded(audit: Audit, extract: Path) -> None:
    with (extract / "labs.csv").open("a", encoding="utf-8") as file:
        file.write("lab1,canary-one,2026-06-29T08:00:00,2160-0,loinc,Creatinine,1.1,mg/dL,final\n")
        file.write("lab2,canary-one,2026-06-29T08:00:00,2160-0,loinc,Creatinine,hemolyzed,mg/dL,final\n")
        file.write("lab3,nobody,2026-06-29T08:00:00,718-7,loinc,Hemoglobin,12,g/dL,final\n")
        file.write("lab4,canary-one\n")
    run = audit(accept_gate="the faults are meant")
    counts = ask(run, "SELECT rows_read, rows_loaded, rows_quarantined, rows_superseded FROM audit.batches WHERE feed = 'labs'")
    assert counts == [(5, 1, 3, 1)]
    reasons = ask(run, "SELECT line, reason FROM audit.quarantine ORDER BY line")
    assert reasons == [(4, "not a number"), (5, "unknown patient"), (6, "wrong number of fields")]


def test_a_file_of_the_extract_is_never_touched_even_where_results_go(few_rules: Project, extract: Path) -> None:
    labs = extract / "labs.csv"
    labs.write_text(labs.read_text(encoding="utf-8") + "\n\n", encoding="utf-8")  # blank lines: read by way of a scratch file
    part = extract / "labs-1.parquet"
    with connect() as con:
        con.execute(f"COPY (SELECT * REPLACE ('lab9' AS lab_id) FROM read_csv('{labs}', all_varchar = true)) TO '{part}'")
    before = snapshot(extract)
    run = new_run(few_rules, Site(name="test"), extract, out=extract, as_of=AS_OF)
    with hold(run):
        load(run)
    assert {name: content for name, content in snapshot(extract).items() if not name.startswith(".")} == before


def test_conflicting_duplicates_keep_the_last(audit: Audit, extract: Path) -> None:
    with (extract / "prescriptions.csv").open("a", encoding="utf-8") as file:
        file.write("rx1,canary-one,quinine sulfate 324 MG Oral Capsule,997010,rxnorm,2026-06-11,30,324,active\n")
    run = audit(accept_gate="the fault is meant")
    assert ask(run, "SELECT start_date::VARCHAR FROM facts.prescriptions WHERE row_id = 'rx1'") == [("2026-06-11",)]
    assert ask(run, "SELECT line, column_name, reason FROM audit.quarantine") == [(2, "prescription_id", "conflicting duplicate")]


def test_second_run_persists_findings_and_changes_no_result(audit: Audit) -> None:
    first = audit()
    before = ask(first, "SELECT * EXCLUDE (sources) FROM audit.results ORDER BY ALL")
    second = audit()
    assert ask(second, "SELECT * EXCLUDE (sources) FROM audit.results ORDER BY ALL") == before
    states = ask(second, "SELECT DISTINCT state, first_seen_run, last_seen_run FROM audit.findings WHERE open")
    assert states == [("persisting", first.run_id, second.run_id)]


@pytest.mark.parametrize("step", ["gate", "build", "apply", "publish", "render"])
def test_failing_step_leaves_yesterday_as_it_was(audit: Audit, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    run = audit()
    before = snapshot(run.out)

    def fail(*_: object) -> None:
        raise duckdb.IOException("No space left on device: canary-one")

    steps = tuple((name, fail if name == step else action) for name, action in pipeline.STEPS)
    monkeypatch.setattr(pipeline, "STEPS", steps)
    with pytest.raises(NightroundsError, match="yesterday's results stand") as told:
        audit()
    assert "canary" not in str(told.value)
    assert snapshot(run.out) == before


def test_a_rule_that_cannot_be_used_is_told_before_anything_is_loaded(project: Project, extract: Path, tmp_path: Path) -> None:
    broken = Project(tmp_path)
    shutil.copytree(project.rules / "leg_cramps" / "midodrine_timing", broken.rules / "leg_cramps" / "midodrine_timing")
    rule = broken.rules / "leg_cramps" / "midodrine_timing" / "rule.toml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("severity = ", "sevrity = "), encoding="utf-8")
    said: list[str] = []
    with pytest.raises(NightroundsError, match="sevrity"):
        pipeline.run_audit(new_run(broken, Site(name="test"), extract, out=tmp_path / "out"), said.append)
    assert said == []


def test_gate_closes_on_a_bad_feed_and_opens_on_somebodys_word(audit: Audit, extract: Path) -> None:
    with (extract / "prescriptions.csv").open("a", encoding="utf-8") as file:
        file.write("rx9,nobody,baclofen,1292,rxnorm,2026-06-01,30,10,active\n")
    with pytest.raises(GateClosedError, match="prescriptions"):
        audit()
    run = audit(accept_gate="checked by phone")
    pages = list((run.out / "current").rglob("*.html"))
    assert pages
    assert all("checked by phone" in page.read_text(encoding="utf-8") for page in pages)


def test_shrunken_feed_closes_the_gate(audit: Audit, extract: Path) -> None:
    audit()
    lines = (extract / "prescriptions.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (extract / "prescriptions.csv").write_text(lines[0] + lines[2], encoding="utf-8")
    with pytest.raises(GateClosedError, match="1 rows, after 2 in the last run"):
        audit()
    run = audit(site=Site(name="test", limits=Limits(shrinkage=0.5)))
    assert ask(run, "SELECT rows_loaded FROM audit.batches WHERE feed = 'prescriptions'") == [(1,)]


def test_second_run_on_a_warehouse_in_use_is_told_so(audit: Audit) -> None:
    run = audit()
    with run.warehouse.with_name(f".{run.warehouse.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(NightroundsError, match="in use by another run"):
            audit()


def test_rule_without_a_needed_feed_is_not_run_and_says_so(audit: Audit) -> None:
    run = audit()
    rows = {rule: (status, why) for rule, status, why in ask(run, "SELECT rule_id, run_status, not_run_reason FROM audit.rules")}
    assert rows["quinine_without_indication"] == ("run", None)
    assert rows["cramp_after_causing_drug"][0] == "not_run"
    assert "diagnoses" in str(rows["cramp_after_causing_drug"][1])


def test_manifest_and_logs_hold_no_patient(audit: Audit) -> None:
    run = audit()
    manifest = (run.out / "current" / "manifest.json").read_text(encoding="utf-8")
    assert "canary" not in manifest
    assert json.loads(manifest)["run"]["run_id"] == run.run_id


def test_dashboard_names_no_patient(audit: Audit) -> None:
    run = audit()
    for page in (run.out / "current" / "dashboard").rglob("*"):
        assert page.is_dir() or b"canary" not in page.read_bytes()


def test_every_published_table_and_column_is_described(audit: Audit) -> None:
    run = audit()
    assert ask(run, "SELECT schema_name, table_name FROM docs.tables WHERE coalesce(comment, '') = ''") == []
    assert ask(run, "SELECT table_name, column_name FROM docs.columns WHERE coalesce(comment, '') = ''") == []


def test_evidence_leads_back_to_file_and_line(audit: Audit) -> None:
    run = audit()
    behind = "audit.evidence JOIN audit.findings USING (finding_id) WHERE rule_id LIKE 'quinine%'"
    rows = ask(run, f"SELECT feed, source_id, file, line FROM {behind}")
    assert ("prescriptions", "rx1", "prescriptions.csv", 2) in rows


def test_delta_replaces_adds_and_removes(audit: Audit, extract: Path) -> None:
    audit()
    (extract / "extract.json").write_text('{"mode": "delta", "extracted_at": "2026-06-30T02:00:00"}', encoding="utf-8")
    (extract / "prescriptions.csv").write_text(
        "prescription_id,patient_id,drug_name,start_date,route,deleted\n"
        "rx1,canary-one,baclofen 10 mg tablet,2026-06-30,oral,\nrx2,canary-two,x,2026-06-01,,true\n",
        encoding="utf-8",
    )
    (extract / "labs.csv").write_text("lab_id,patient_id,collected_at,test_name,value\n", encoding="utf-8")
    run = audit(site=Site(name="test", limits=Limits(shrinkage=1)), accept_gate="a header-only delta")
    assert ask(run, "SELECT row_id, ingredient FROM facts.prescriptions") == [("rx1", "baclofen")]
    assert ask(run, "SELECT count(*) FROM facts.labs") == [(1,)]
