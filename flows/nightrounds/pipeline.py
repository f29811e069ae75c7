"""The straight line of a run: load, gate, build, apply, publish, render; and only then the switch to the new results."""

import traceback
from collections.abc import Callable

import duckdb

from nightrounds.audit import apply_rules
from nightrounds.database import connect, connect_reader
from nightrounds.errors import NightroundsError
from nightrounds.exports import export_marts
from nightrounds.extracts import load
from nightrounds.gatekeeper import gate
from nightrounds.holding import LAST_ERROR, hold
from nightrounds.publish import DATABASE, publish
from nightrounds.releasing import release
from nightrounds.report import render as render_pages
from nightrounds.run import Run
from nightrounds.sensitivity import try_settings
from nightrounds.warehouse import build_facts

Say = Callable[[str], None]
Step = Callable[[Run, Say], None]


def build(run: Run, say: Say = lambda _: None) -> None:
    """Build the schemas `clean` and `facts`."""
    with connect(run.building, threads=run.site.threads, memory_limit=run.site.memory_limit) as con:
        build_facts(con, run.project.sql, run.values, say)


def apply(run: Run, say: Say = lambda _: None) -> None:
    """Let every rule decide its units, and try the other settings that some ask for."""
    with connect(run.building, threads=run.site.threads, memory_limit=run.site.memory_limit) as con:
        apply_rules(con, run, run.rules, say)
        try_settings(con, run, run.rules, say)


def render(run: Run, say: Say = lambda _: None) -> None:
    """Write the pages, and the dashboard's numbers for other tools, from the analysts' database."""
    with connect_reader(run.folder / DATABASE) as con:
        written = render_pages(con, run.project.reports, run.folder)
        written += export_marts(con, run.folder / "dashboard")
    say(f"{len(written)} files")


STEPS: tuple[tuple[str, Step], ...] = (
    ("load", load), ("gate", gate), ("build", build), ("apply", apply), ("publish", publish), ("render", render),
    ("release", release),
)  # fmt: skip


def run_audit(run: Run, say: Say = lambda _: None) -> None:
    """Take every step in order. When one fails, what the run had made is removed and yesterday's results stand."""
    with hold(run):
        for name, step in STEPS:
            take(name, step, run, say)


def take(name: str, step: Step, run: Run, say: Say = lambda _: None) -> None:
    """Take one step. What the database says of a failure can quote rows, so it goes into a private file, not into logs.

    Raises NightroundsError for anything that the database or the disk refuses.
    """
    say(name)
    try:
        step(run, say)
    except (duckdb.Error, OSError) as error:
        sentence = f"The step {name} failed ({_cause(error)}); yesterday's results stand."
        raise NightroundsError(sentence, _keep_details(run, error)) from None
    except RuntimeError as error:
        # So DuckDB tells what Python calls by another name.
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise


def _cause(error: Exception) -> str:
    """What went wrong, by kind: never the text of the database, only what the system says and of which file."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return type(error).__name__


def _keep_details(run: Run, error: Exception) -> str:
    """Write the whole error to a file for its owner, if that can be done, and return what to do."""
    details = run.out / LAST_ERROR
    try:
        details.unlink(missing_ok=True)
        details.touch(mode=0o600)
        details.write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="backslashreplace")
    except OSError:
        return f"Check the space on the disk and the permissions of {run.out}."
    return f"Check the space on the disk and permissions, then read {details}, which may quote rows of the extract."
