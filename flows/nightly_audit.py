"""The nightly audit as a Prefect flow: the same steps as `nightrounds run`, each a task.

python flows/nightly_audit.py            runs once, with a temporary Prefect server when none is configured
python flows/nightly_audit.py --serve    serves the flow by cron until stopped (this is `nightrounds schedule`)
"""

import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

# Before Prefect is imported: its temporary server may be slow to start on a busy machine, and nothing is to be sent anywhere.
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "180")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")

from cyclopts import App
from prefect import State, Task, flow, get_run_logger, settings, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, TaskRun

from nightrounds.errors import NightroundsError
from nightrounds.gate import warm_up
from nightrounds.holding import hold
from nightrounds.pipeline import STEPS
from nightrounds.run import Run
from nightrounds.scheduling import ACCEPT_GATE, StepFailedError, plan_run, take_step
from nightrounds.site import load_site
from nightrounds.stopping import stoppable

app = App(name="nightly_audit.py", help="Audit one extract as a Prefect flow, or serve the flow.")


def _may_pass(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Retry only what time can heal: a file share that does not answer."""
    return isinstance(state.data, StepFailedError) and state.data.may_pass


# Steps write tables and files, so a result that Prefect remembered would stand for something that may be gone.
@task(task_run_name="{name}", cache_policy=NO_CACHE, persist_result=False)
def step(name: str, run: Run) -> None:
    """Take one step of the line."""
    take_step(name, run, get_run_logger().info)


load_step = step.with_options(retries=2, retry_delay_seconds=60, retry_condition_fn=_may_pass)


@flow(name="nightly-audit", persist_result=False)
def nightly_audit(
    site: Path | None = None,
    extract: Path | None = None,
    out: Path | None = None,
    source: str | None = None,
    as_of: date | None = None,
    warehouse: Path | None = None,
) -> None:
    """Load, gate, build, apply, publish, render, release: one audit, while no other run has the warehouse."""
    run = plan_run(site, extract, out, source, as_of, warehouse)
    warm_up()
    with hold(run):
        for name, _ in STEPS:
            (load_step if name == "load" else step)(name, run)


@app.default
def main(  # noqa: PLR0913 - one argument for each option
    *,
    serve: bool = False,
    cron: str | None = None,
    site: Path | None = None,
    extract: Path | None = None,
    out: Path | None = None,
    source: str | None = None,
    as_of: date | None = None,
    warehouse: Path | None = None,
    accept_gate: str | None = None,
) -> None:
    """Run the flow once, or serve it by cron with --serve."""
    chosen: dict[str, Any] = {
        "site": site,
        "extract": extract,
        "out": out,
        "source": source,
        "as_of": as_of,
        "warehouse": warehouse,
    }
    if serve and accept_gate:
        raise NightroundsError("A schedule cannot open the gate of nights to come.", "Leave out --accept-gate.")
    if accept_gate is not None:
        os.environ[ACCEPT_GATE] = accept_gate
    if serve:
        _serve(cron or load_site(site).cron, {name: str(value) for name, value in chosen.items() if value is not None})
    else:
        # Prefect ends at once when it is told to; so its temporary server ends too.
        with stoppable():
            nightly_audit(**chosen)


def _serve(cron: str, parameters: dict[str, str]) -> None:
    """Serve until stopped. A night that would overlap the one before it is cancelled, not queued."""
    if not settings.get_current_settings().api.url:
        raise NightroundsError(
            "A schedule needs a Prefect server, and none is configured.",
            "Start one (prefect server start), set PREFECT_API_URL to its address and try again.",
        )
    one = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    nightly_audit.serve(name="nightly", cron=cron, parameters=parameters, limit=1, global_limit=one)


if __name__ == "__main__":
    try:
        app()
    except NightroundsError as error:
        print(f"nightly_audit: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
