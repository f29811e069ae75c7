"""What the tests share: the checkout, one audit of a small invented extract, and the loading of one in another format."""

import fcntl
import os
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from nightrounds.database import connect, connect_reader
from nightrounds.extracts import load
from nightrounds.files import read_info
from nightrounds.pipeline import run_audit
from nightrounds.project import Project, find_project
from nightrounds.rulestart import new_rule
from nightrounds.run import Run, new_run
from nightrounds.site import Site
from nightrounds.warehouse import build_facts

if TYPE_CHECKING:
    from playwright.sync_api import Browser

AS_OF = date(2026, 6, 30)
Write = Callable[[str, str], Path]
FEW = (
    "baclofen_abrupt_stop", "baclofen_maximum_dose", "cramp_after_causing_drug", "cramp_prescribing_cascade",
    "cyclobenzaprine_older_adult", "magnesium_renal_function_unknown", "magnesium_renal_insufficiency",
    "quinine_without_indication",
)  # fmt: skip


@pytest.fixture(scope="session")
def project() -> Project:
    return find_project(Path(__file__).parents[1])


@pytest.fixture(scope="session")
def sample(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of one audit of data_samples/native: of all workers the first to ask makes it, and the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    out = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "sample"
    out.mkdir(exist_ok=True)
    extract, started = project.samples / "native", datetime(2026, 7, 1, 2, 15)  # noqa: DTZ001 - UTC by convention
    with (out / ".one-audit").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (out / "current").exists():
            site = Site(name="samples")
            run_audit(new_run(project, site, extract, out=out, as_of=read_info(extract).extracted_on, started_at=started))
    return out / "current"


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A browser without a window. Of the module: while it is open, nobody else in the process can start an event loop."""
    from browsing import NO_BROWSER, browser_open, find_browser

    path = find_browser()
    if path is None:
        pytest.skip(NO_BROWSER)
    with browser_open(path) as opened:
        yield opened


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


@pytest.fixture(scope="session")
def few_rules(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The checkout with eight of its rules: what is tested of a run does not take all of them, which take their time."""
    root = tmp_path_factory.mktemp("few-rules")
    (root / "rules" / "leg_cramps").mkdir(parents=True)
    for name in ("sql", "reports", "data_samples", "flows", *(f"rules/{name}" for name in ("codelists", "facts.toml", "_new"))):
        (root / name).symlink_to(project.root / name)
    for name in ("guideline.toml", *FEW):
        (root / "rules" / "leg_cramps" / name).symlink_to(project.rules / "leg_cramps" / name)
    return find_project(root)


@pytest.fixture
def audit(few_rules: Project, extract: Path, tmp_path: Path) -> Callable[..., Run]:
    """Audit the extract (again and again) into one results folder."""
    starts = (datetime(2026, 7, 1, 2, minute) for minute in range(60))  # noqa: DTZ001 - UTC by convention

    def once(**options: object) -> Run:
        options = {"site": Site(name="test"), "as_of": AS_OF, "out": tmp_path / "out", "started_at": next(starts), **options}
        run = new_run(few_rules, extract=extract, **options)  # type: ignore[arg-type]
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


Change = tuple[str, str]


@pytest.fixture
def checkout(project: Project, tmp_path: Path) -> Project:
    """A checkout with the project's own SQL and pages, and without any rule."""
    root = tmp_path / "checkout"
    for pack in ("leg_cramps", "companion"):
        (root / "rules" / pack).mkdir(parents=True)
        (root / "rules" / pack / "guideline.toml").symlink_to(project.rules / pack / "guideline.toml")
    for name in ("sql", "reports", "rules/codelists", "rules/facts.toml", "rules/_new"):
        (root / name).symlink_to(project.root / name)
    return find_project(root)


@pytest.fixture
def made(checkout: Project) -> Callable[..., Path]:
    """Start a rule and change its files: each text must be there, and is replaced. Gives the rule's folder."""

    def once(name: str, *changes: Change, pack: str = "leg_cramps") -> Path:
        new_rule(name, pack, checkout.root)
        return changed(checkout.rules / pack / name, *changes)

    return once


def changed(folder: Path, *changes: Change) -> Path:
    """Replace texts in the files of a folder; each must be there."""
    for old, new in changes:
        files = [path for path in folder.iterdir() if old in path.read_text(encoding="utf-8")]
        assert files, old
        for path in files:
            path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return folder


@pytest.fixture
def audited(checkout: Project, extract: Path, tmp_path: Path) -> Callable[..., Run]:
    """Audit an extract of forty courses of baclofen, ten of 100 days and thirty of 30, with the rules of the checkout."""
    people = [f"canary-{n:02d},1950-01-01,female" for n in range(40)]
    courses = [
        f"rx{n:02d},canary-{n:02d},baclofen 10 MG Oral Tablet,2026-03-01,{100 if n < 10 else 30},active" for n in range(40)
    ]
    (extract / "patients.csv").write_text("\n".join(["patient_id,birth_date,sex", *people, ""]), encoding="utf-8")
    (extract / "prescriptions.csv").write_text(
        "\n".join(["prescription_id,patient_id,drug_name,start_date,days_supply,status", *courses, ""]), encoding="utf-8"
    )
    starts = (datetime(2026, 7, 1, 2, minute) for minute in range(60))  # noqa: DTZ001 - UTC by convention

    def once(**options: object) -> Run:
        options = {"site": Site(name="test"), "as_of": AS_OF, "out": tmp_path / "out", "started_at": next(starts), **options}
        run = new_run(checkout, extract=extract, accept_gate="the laboratory knows nobody", **options)  # type: ignore[arg-type]
        run_audit(run)
        return run

    return once


def ask(run: Run, query: str) -> list[tuple[Any, ...]]:
    """Query what a run published."""
    with connect_reader(run.out / "current" / "nightrounds.duckdb") as con:
        return con.execute(query).fetchall()


def page(run: Run, name: str) -> str:
    """Read a page of a run, its white space as single blanks."""
    return " ".join((run.out / "current" / f"{name}.html").read_text(encoding="utf-8").split())
