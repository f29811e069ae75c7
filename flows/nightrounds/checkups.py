"""What the doctor looks at around a run: places and permissions, code lists, disk and extract. Only names and times are read."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

import duckdb

from nightrounds.codelists import INDEX, load_codelists
from nightrounds.database import connect
from nightrounds.errors import NightroundsError
from nightrounds.run import Run

GIB = 1 << 30
# A run needs room for the extract as text, as facts and as two databases beside each other.
TIMES_THE_EXTRACT = 4
# A vocabulary older than this no longer knows what is prescribed.
IMPORT_DAYS = 365


@dataclass(frozen=True)
class Check:
    """What was looked at, how it is, and in a sentence what was found and what to do about it."""

    state: Literal["ok", "look", "wrong"]
    about: str
    found: str


def permissions(run: Run) -> Iterator[Check]:
    """Whether results can be written, and whether what holds patients is closed to others."""
    for about, folder in (("out", run.out), ("warehouse", run.warehouse.parent)):
        place = _nearest(folder)
        if not os.access(place, os.W_OK | os.X_OK):
            yield Check("wrong", about, f"{place} cannot be written by this user. Mend its permissions or choose another place.")
        else:
            yield Check("ok", about, f"{folder} {'can be written' if place == folder else 'is made by the first run'}")
    # Path -> bits that must not be set: a run leaves them so, and a copy or a careless chmod does not.
    private = {run.warehouse: 0o077, run.out / "current" / "worklist": 0o077, run.out / "current" / "nightrounds.duckdb": 0o027}
    for path, forbidden in private.items():
        if path.exists() and path.stat().st_mode & forbidden:
            right = f"{(0o700 if path.is_dir() else 0o660) & ~forbidden:o}"
            yield Check("wrong", "privacy", f"{path} holds patients and others may read it. Run chmod {right} {path}.")
        elif path.exists():
            yield Check("ok", "privacy", f"{path} is closed to others")


def codelists(run: Run) -> Iterator[Check]:
    """Whether the code lists can be read, and which of them are past the day by which they should be reviewed."""
    index = run.project.rules / "codelists" / f"{INDEX}.csv"
    with connect() as con:
        query = "SELECT list FROM read_csv(?, header = true, all_varchar = true) WHERE review_due < ? ORDER BY list"
        try:
            load_codelists(con, run.project.rules / "codelists", run.site.codelists)
            overdue = [name for (name,) in con.execute(query, [str(index), run.as_of.isoformat()]).fetchall()]
        except (NightroundsError, duckdb.Error) as error:
            yield Check("wrong", "code lists", str(error).splitlines()[0])
            return
    if overdue:
        names = ", ".join(overdue[:5]) + (" ..." if len(overdue) > 5 else "")
        yield Check("look", "code lists", f"{len(overdue)} are past their review ({names}). Have them reviewed; see {index}.")
    else:
        yield Check("ok", "code lists", "none is past its review")
    if run.site.codelists:
        yield own_lists(run.site.codelists, run.as_of)


def own_lists(folder: Path, today: date) -> Check:
    """Say how old the site's own lists are, by their files."""
    written = {path.name: _written(path).date() for path in sorted(folder.glob("*.csv"))}
    if not written:
        return Check("look", "own lists", f"{folder} is empty. Fill it with nightrounds vocabulary import.")
    oldest = min(written, key=lambda name: written[name])
    if today - written[oldest] > timedelta(days=IMPORT_DAYS):
        return Check("look", "own lists", f"{oldest} is of {written[oldest]}. Import a newer vocabulary.")
    return Check("ok", "own lists", f"{len(written)}, the oldest of {written[oldest]}")


def disk(run: Run) -> Check:
    """Whether there is room for a run beside the last ones."""
    free = shutil.disk_usage(_nearest(run.out)).free
    extract = sum(path.stat().st_size for path in run.extract.rglob("*") if path.is_file()) if run.extract.is_dir() else 0
    needed = TIMES_THE_EXTRACT * extract + GIB
    state: Literal["ok", "look", "wrong"] = "wrong" if free < needed else "look" if free < 2 * needed else "ok"
    remedy = "" if state == "ok" else f", a run may need {needed / GIB:.1f}. Make room, or choose another disk with --out."
    return Check(state, "disk", f"{free / GIB:.1f} GiB free at {run.out}{remedy}")


def extract(run: Run) -> Check:
    """Whether the configured extract is there and fresh, by the time of its newest file."""
    if run.site.extract is None:
        return Check("look", "extract", 'The site file names none. Add extract = "/path" for nightly runs.')
    files = [path for path in run.extract.rglob("*") if path.is_file()] if run.extract.is_dir() else []
    if not files:
        return Check("wrong", "extract", f"{run.extract} holds no file. Check that the export delivers there.")
    newest = max(_written(path) for path in files)
    age = run.started_at - newest
    if age > timedelta(days=run.site.limits.stale_days):
        return Check(
            "wrong", "extract", f"The newest file of {run.extract} is of {newest:%Y-%m-%d %H:%M} UTC. Ask for a new export."
        )
    if age > timedelta(days=1):
        return Check("look", "extract", f"No file of {run.extract} came within a day. Check that last night's export ran.")
    return Check("ok", "extract", f"{len(files)} files, the newest of {newest:%Y-%m-%d %H:%M} UTC")


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(place for place in (folder, *folder.parents) if place.exists())
