"""What the commands that run an audit or read its results do."""

import csv
import json
import os
import sys
import time
from datetime import date
from pathlib import Path

import duckdb
from rich.console import Console

from nightrounds.database import connect_reader
from nightrounds.errors import NightroundsError
from nightrounds.formulas import harmless
from nightrounds.project import Project, find_project
from nightrounds.publish import DATABASE
from nightrounds.report import ROWS_AT_ONCE
from nightrounds.run import Run, new_run
from nightrounds.site import load_site
from nightrounds.stopping import call, stoppable
from nightrounds.terminal import print_results

# One step of a person's wait; finer steps are only shown on a terminal.
STEP_NAMES = ("load", "gate", "build", "apply", "publish", "render", "release")


def run_command(
    extract_dir: Path | None,
    out: Path | None,
    source: str | None,
    as_of: date | None,
    warehouse: Path | None,
    site: Path | None,
    accept_gate: str | None,
    prefect: bool,
    project: Path | None,
) -> None:
    """Audit one extract and print the rules and the paths of what was written."""
    content = find_project(project)
    settings = load_site(site)
    folder = extract_dir or settings.extract
    if folder is None:
        raise NightroundsError("No extract is given.", "Name its folder, or a site file (--site) that does.")
    run = new_run(
        content,
        settings,
        folder,
        source=source,
        out=out,
        warehouse=warehouse,
        as_of=as_of,
        accept_gate=accept_gate,
    )
    _run_flow(content, run, site) if prefect else _run_here(run)
    print_results(run)


def demo_command(out: Path | None, project: Path | None) -> None:
    """Audit data_samples/native into build/demo and print the page to open."""
    content = find_project(project)
    extract = content.samples / "native"
    about = json.loads((extract / "extract.json").read_text(encoding="utf-8"))
    as_of = date.fromisoformat(about["extracted_at"][:10])
    groups = {"prescriber_groups": extract / "prescriber_groups.csv"}
    settings = load_site(content.samples / "site.toml").model_copy(update=groups)
    run = new_run(content, settings, extract, out=out or content.root / "build" / "demo", as_of=as_of)
    _run_here(run)
    print_results(run)
    print(f"\nOpen {(run.out / 'current' / 'worklist' / 'index.html').as_uri()}")


def schedule_command(cron: str | None, site: Path | None, project: Path | None) -> None:
    """Serve the nightly flow; Prefect lives in flows/nightly_audit.py, never in this package."""
    content = find_project(project)
    settings = load_site(site)
    arguments = ["--serve", "--cron", cron or settings.cron, *(["--site", str(site)] if site else [])]
    _flow(content, arguments)


def synth_command(patients: int, out: Path, as_of: date, seed: int, parquet: bool, project: Path | None) -> None:
    """Write an invented extract and say how many patients it has."""
    from nightrounds.synth import synthesise

    written = synthesise(find_project(project), out, as_of, patients, seed, kind="parquet" if parquet else "csv")
    print(f"{written} invented patients in {out}; the answers are in {out / 'answers.csv'}")


def sql_command(query: str, out: Path | None, site: Path | None, form: str) -> None:
    """Run a query on the published database, read-only and without file or network access.

    A table shows the first and last rows of a long answer; CSV is all of it.
    """
    path = (out or load_site(site).out) / "current" / DATABASE
    if not path.exists():
        raise NightroundsError(f"There is no published database {path}.", "Run an audit first, or say where it is with --out.")
    try:
        with connect_reader(path) as con:
            answer = con.execute(query) if form == "csv" else con.sql(query)
            if answer is None:
                raise NightroundsError("The query asks for nothing.", "Give a SELECT, such as SELECT * FROM docs.columns.")
            _print_csv(answer) if isinstance(answer, duckdb.DuckDBPyConnection) else answer.show(max_width=200)
    except duckdb.Error as error:
        raise NightroundsError(f"The query failed: {error}.", "SELECT * FROM docs.columns lists what there is.") from error


def _print_csv(con: duckdb.DuckDBPyConnection) -> None:
    table = csv.writer(sys.stdout)
    table.writerow(name for name, *_ in con.description or [])
    while chunk := con.fetchmany(ROWS_AT_ONCE):
        table.writerows([harmless(value) for value in row] for row in chunk)


def _run_here(run: Run) -> None:
    from nightrounds.gate import warm_up
    from nightrounds.pipeline import run_audit

    warm_up()
    console = Console(stderr=True)
    started = time.perf_counter()

    def say(text: str) -> None:
        if text in STEP_NAMES:
            console.print(f"{time.perf_counter() - started:6.1f} s  {text}")
        elif console.is_terminal or "= loaded" in text or "checks" in text:
            # A log is not as narrow as it looks, and a path may hold what looks like markup.
            console.print(f"          {text}", style="dim", highlight=False, markup=False, soft_wrap=True)

    with stoppable():
        run_audit(run, say)


def _run_flow(content: Project, run: Run, site: Path | None) -> None:
    arguments = ["--extract", str(run.extract), "--out", str(run.out), "--source", run.source, "--as-of", run.as_of.isoformat(),
                 "--warehouse", str(run.warehouse), *(["--accept-gate", run.accept_gate] if run.accept_gate else []),
                 *(["--site", str(site)] if site else [])]  # fmt: skip
    _flow(content, arguments)


def _flow(content: Project, arguments: list[str]) -> None:
    flow = str(content.root / "flows" / "nightly_audit.py")
    if code := call([sys.executable, flow, *arguments], {**os.environ, "NIGHTROUNDS_PROJECT": str(content.root)}):
        raise SystemExit(code if code > 0 else 128 - code)
