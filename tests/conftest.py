"""What the tests share: the checkout, one audit of a small invented extract, and the loading of one in another format."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from nightrounds.database import connect
from nightrounds.extracts import load
from nightrounds.pipeline import run_audit
from nightrounds.project import Project, find_project
from nightrounds.run import Run, new_run
from nightrounds.site import Site
from nightrounds.warehouse import build_facts

AS_OF = date(2026, 6, 30)
Write = Callable[[str, str], Path]


@pytest.fixture(scope="session")
def project() -> Project:
    return find_project(Path(__file__).parents[1])


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    """An extract of two patients, with every feed a base audit needs."""
    folder = tmp_path / "extract"
    folder.mkdir()
    (folder / "patients.csv").write_text(
        "patient_id,birth_date,sex\ncanary-one,1950-01-01,female\ncanary-two,1980-01-01,male\n", encoding="utf-8"
    )
    (folder / "prescriptions.csv").write_text(
        "prescription_id,patient_id,drug_name,drug_code,drug_code_system,start_date,days_supply,daily_dose_mg,status\n"
        "rx1,canary-one,quinine sulfate 324 MG Oral Capsule,997010,rxnorm,2026-06-10,30,324,active\n"
        "rx2,canary-two,cyclobenzaprine 10 MG Oral Tablet,828348,rxnorm,2026-06-29,10,10,active\n",
        encoding="utf-8",
    )
    (folder / "labs.csv").write_text(
        "lab_id,patient_id,collected_at,test_code,test_code_system,test_name,value,unit,status\n"
        "lab1,canary-one,2026-06-29T08:00:00,2160-0,loinc,Creatinine,1.1,mg/dL,final\n",
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def audit(project: Project, extract: Path, tmp_path: Path) -> Callable[..., Run]:
    """Audit the extract (again and again) into one results folder."""
    starts = (datetime(2026, 7, 1, 2, minute) for minute in range(60))  # noqa: DTZ001 - UTC by convention

    def once(**options: object) -> Run:
        options = {"site": Site(name="test"), "as_of": AS_OF, "out": tmp_path / "out", "started_at": next(starts), **options}
        run = new_run(project, extract=extract, **options)  # type: ignore[arg-type]
        run_audit(run)
        return run

    return once


@pytest.fixture(scope="session")
def load_extract(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., duckdb.DuckDBPyConnection]:
    """Load an extract of some source, build its facts, and open the database; faults are let through the gate."""

    def once(folder: Path, source: str, as_of: date, zone: str = "UTC") -> duckdb.DuckDBPyConnection:
        out = tmp_path_factory.mktemp("load")
        site = Site(name="test", zone=zone)
        run = new_run(project, site, folder, source=source, out=out, as_of=as_of, accept_gate="faults are meant")
        load(run)
        con = connect(run.building)
        build_facts(con, project.sql, run.values)
        return con

    return once
