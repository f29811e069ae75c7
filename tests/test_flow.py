"""The Prefect flow: it does what `nightrounds run` does, and Prefect never gets to see a patient.

One temporary Prefect server serves the whole module, since starting one takes ten seconds.
"""

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.logging.handlers import APILogHandler
from prefect.settings import get_current_settings
from prefect.testing.utilities import prefect_test_harness

import nightly_audit as flows
from nightrounds import scheduling
from nightrounds.errors import NightroundsError
from nightrounds.holding import hold
from nightrounds.pipeline import STEPS
from nightrounds.run import Run
from nightrounds.scheduling import StepFailedError, plan_run

AS_OF = date(2026, 3, 1)
# Ids and values that occur nowhere but in the extract.
CANARIES = ("CANARYPATIENT", "CANARYORDER", "CANARYRESULT", "CANARYDRUG", "77.1234567")


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    """A Prefect server of the tests' own; gives the folder of its database."""
    with prefect_test_harness(server_startup_timeout=180):
        url = get_current_settings().server.database.connection_url
        assert url is not None
        yield Path(url.get_secret_value().split(":///")[1]).parent


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    """A small delivery full of canaries; one of its rows goes to quarantine."""
    patients = [{"patient_id": f"CANARYPATIENT{n}", "birth_date": "1950-01-01", "sex": "female"} for n in range(30)]
    orders = [
        {
            "prescription_id": f"CANARYORDER{n}",
            "patient_id": p["patient_id"],
            "drug_name": "quinine sulfate 324 mg capsule",
            "start_date": "2026-02-27",
            "days_supply": "30",
            "sig": "CANARYDRUG one at night",
        }
        for n, p in enumerate(patients)
    ]
    labs = [
        {
            "lab_id": f"CANARYRESULT{n}",
            "patient_id": p["patient_id"],
            "collected_at": "2026-02-28",
            "test_code": "2160-0",
            "test_code_system": "loinc",
            "value": "CANARYRESULT" if n == 0 else "77.1234567",
            "unit": "umol/L",
        }
        for n, p in enumerate(patients)
    ]
    folder = tmp_path / "extract"
    folder.mkdir()
    for name, rows in (("patients", patients), ("prescriptions", orders), ("labs", labs)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return folder


def seen_by_prefect(folder: Path) -> bytes:
    """Everything that the server has written, logs included."""
    APILogHandler().flush()
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_flow_publishes_an_audit_and_shows_prefect_no_patient(
    server: Path, extract: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    flows.nightly_audit(extract=extract, out=out, as_of=AS_OF)
    assert b"CANARYPATIENT" in (out / "current" / "nightrounds.duckdb").read_bytes()
    kept, printed = seen_by_prefect(server), "".join(capfd.readouterr())
    for name in ("nightly-audit", "labs: read 30 = loaded 29 + quarantined 1", str(extract)):
        assert name.encode() in kept, "the test looks where Prefect writes"
    assert [c for c in CANARIES if c.encode() in kept or c in printed] == []


@pytest.mark.parametrize(
    ("error", "told", "exit_code"),
    [
        (RuntimeError("CANARYORDER7 cannot be built"), r"'build' failed with RuntimeError at test_flow.py:\d+", 1),
        (duckdb.ConversionException("Could not convert 'CANARYPATIENT7'"), r"step build failed \(ConversionException\)", 2),
    ],
    ids=["a fault of the program", "a refusal of the database"],
)
def test_an_error_reaches_prefect_without_the_values_it_quotes(
    server: Path,
    extract: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: Exception,
    told: str,
    exit_code: int,
) -> None:
    def quote(_run: Run, _say: scheduling.Say) -> None:
        try:
            raise ValueError("CANARYRESULT7 is no number")
        except ValueError as cause:
            raise error from cause

    replace_steps(monkeypatch, load=nothing, gate=nothing, build=quote)
    with pytest.raises(StepFailedError, match=told) as caught:
        flows.nightly_audit(extract=extract, out=tmp_path / "out", as_of=AS_OF)
    assert (caught.value.exit_code, caught.value.__cause__, caught.value.__context__) == (exit_code, None, None)
    kept, printed = seen_by_prefect(server), "".join(capfd.readouterr())
    assert type(error).__name__.encode() in kept
    assert [c for c in CANARIES if c.encode() in kept or c in printed] == []


@pytest.mark.parametrize(
    ("error", "calls"),
    [
        (OSError("the share does not answer"), 3),
        (duckdb.IOException("the share does not answer"), 3),
        (NightroundsError("There is no folder.", "Give one."), 1),
        (ValueError("a fault of the program"), 1),
    ],
    ids=["a share that hiccups", "a share that hiccups under DuckDB", "what a person must mend", "what a programmer must mend"],
)
def test_loading_is_tried_again_only_when_that_can_help(
    server: Path, extract: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, calls: int
) -> None:
    tried = []

    def fail(_run: Run, _say: scheduling.Say) -> None:
        tried.append(1)
        raise error

    replace_steps(monkeypatch, load=fail)
    monkeypatch.setattr(flows, "load_step", flows.load_step.with_options(retry_delay_seconds=0))
    with pytest.raises(StepFailedError):
        flows.nightly_audit(extract=extract, out=tmp_path / "out", as_of=AS_OF)
    assert len(tried) == calls


def test_two_runs_never_share_a_warehouse(server: Path, extract: Path, tmp_path: Path) -> None:
    with hold(plan_run(extract=extract, out=tmp_path / "out", as_of=AS_OF)):
        with pytest.raises(NightroundsError, match="in use by another run"):
            flows.nightly_audit(extract=extract, out=tmp_path / "out", as_of=AS_OF)


def test_a_served_night_that_would_overlap_is_cancelled(server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: dict[str, Any] = {}
    monkeypatch.setattr(flows.nightly_audit, "serve", lambda **options: served.update(options))
    site = tmp_path / "site.toml"
    site.write_text('cron = "5 1 * * *"\n', encoding="utf-8")
    flows.main(serve=True, site=site)
    assert (served["cron"], served["parameters"]) == ("5 1 * * *", {"site": str(site)})
    assert (served["global_limit"].limit, served["global_limit"].collision_strategy) == (
        1,
        ConcurrencyLimitStrategy.CANCEL_NEW,
    )


def test_the_server_plans_the_nights_of_a_schedule(server: Path) -> None:
    """Prefect 3.8 does not, and says so only in its own log, with a SQLAlchemy that it does not know."""
    deployment = flows.nightly_audit.to_deployment(name="nightly", cron="15 2 * * *")
    with get_client(sync_client=True) as client:
        deployment_id = RunnerDeployment.model_validate(deployment).apply()
        client._client.post(f"/deployments/{deployment_id}/schedule", json={"min_runs": 3}).raise_for_status()
        planned = client._client.post("/flow_runs/filter", json={"deployments": {"id": {"any_": [str(deployment_id)]}}})
    assert len(planned.json()) >= 3


def test_the_reason_for_opening_the_gate_goes_past_prefect(monkeypatch: pytest.MonkeyPatch, extract: Path) -> None:
    monkeypatch.setenv(scheduling.ACCEPT_GATE, "the laboratory moved")
    assert plan_run(extract=extract).accept_gate == "the laboratory moved"
    assert "accept_gate" not in flows.nightly_audit.parameters.properties


def test_an_empty_reason_opens_nothing(monkeypatch: pytest.MonkeyPatch, extract: Path) -> None:
    monkeypatch.setenv(scheduling.ACCEPT_GATE, "")
    assert plan_run(extract=extract).accept_gate is None


def test_a_schedule_cannot_open_the_gate_of_nights_to_come() -> None:
    with pytest.raises(NightroundsError, match="nights to come"):
        flows.main(serve=True, accept_gate="the laboratory moved")


def test_without_a_site_the_sample_delivery_is_audited() -> None:
    run = plan_run()
    assert run.extract == run.project.samples / "native"


def test_serving_without_a_server_says_what_to_do(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    script = Path(flows.__file__)
    done = subprocess.run(
        [sys.executable, str(script), "--serve"],
        env={**clean, "PREFECT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("nightly_audit: A schedule needs a Prefect server")
    assert "Traceback" not in done.stderr


def nothing(_run: Run, _say: scheduling.Say) -> None:
    """A step that does nothing."""


def replace_steps(monkeypatch: pytest.MonkeyPatch, **steps: Any) -> None:
    """Let the flow take other steps of the same names."""
    monkeypatch.setattr(scheduling, "STEPS", tuple({**dict(STEPS), **steps}.items()))
