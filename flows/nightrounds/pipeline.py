"""The straight line of a run: load, gate, build, apply, publish, render; and only then the switch to the new results."""

import fcntl
import os
import shutil
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import duckdb

from nightrounds.audit import apply_rules
from nightrounds.database import connect, connect_reader
from nightrounds.errors import NightroundsError
from nightrounds.exports import export_marts
from nightrounds.extracts import load
from nightrounds.gatekeeper import gate
from nightrounds.publish import DATABASE, publish
from nightrounds.report import render as render_pages
from nightrounds.rules import load_rules
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
        rules = load_rules(run.project.rules, run.site)
        apply_rules(con, run, rules, say)
        try_settings(con, run, rules, say)


def render(run: Run, say: Say = lambda _: None) -> None:
    """Write the pages, and the dashboard's numbers for other tools, from the analysts' database."""
    with connect_reader(run.folder / DATABASE) as con:
        written = render_pages(con, run.project.reports, run.folder)
        written += export_marts(con, run.folder / "dashboard")
    say(f"{len(written)} files")


def release(run: Run, say: Say = lambda _: None) -> None:
    """Put the new warehouse in the old one's place, switch `current` in one step, and drop the oldest runs."""
    os.replace(run.folder, run.released)
    os.replace(run.building, run.warehouse)
    link = run.out / ".current.new"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("runs") / run.run_id)
    os.replace(link, run.out / "current")
    for old in sorted(p for p in (run.out / "runs").iterdir() if not p.name.startswith("."))[: -run.site.keep]:
        shutil.rmtree(old)
    say(str(run.out / "current"))


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
        details = run.out / "last-error.txt"
        details.unlink(missing_ok=True)
        details.touch(mode=0o600)
        details.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        raise NightroundsError(
            f"The step {name} failed ({type(error).__name__}); yesterday's results stand.",
            f"Check the space on the disk, then read {details}, which may quote rows of the extract.",
        ) from None


@contextmanager
def hold(run: Run) -> Iterator[None]:
    """Keep the warehouse and the results' folder to this run alone, and clean up before and after it.

    Raises NightroundsError when another run holds one of them or a folder cannot be written.
    """
    with ExitStack() as held:
        # Results hold patients: what is not opened to others on purpose stays with the owner and the group.
        held.callback(os.umask, os.umask(0o027))
        for path in (run.out / ".lock", run.warehouse.with_name(f".{run.warehouse.name}.lock")):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                (run.out / "runs").mkdir(exist_ok=True)
                lock = held.enter_context(path.open("w"))
            except OSError as error:
                raise NightroundsError(
                    f"{path.parent} cannot be written.", "Choose another place with --out, or mend its permissions."
                ) from error
            _lock(lock, run)
        held.callback(clear, run)
        clear(run)
        yield


def clear(run: Run) -> None:
    """Remove what an unfinished run left: its half-made results and its half-built database."""
    for unfinished in (run.out / "runs").glob(".*"):
        shutil.rmtree(unfinished)
    for left in run.building.parent.glob(run.building.name + "*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def _lock(file: IO[str], run: Run) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise NightroundsError(
            f"The warehouse {run.warehouse} or its results are in use by another run.",
            "Wait for that run to end, or name others with --warehouse and --out.",
        ) from error
