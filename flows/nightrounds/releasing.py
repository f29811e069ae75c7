"""Release: the complete results take yesterday's place, or nothing does, at whatever moment the machine stops.

`current` is the one switch. The new warehouse first waits beside the old one, under a name that ends in the run's id; whoever
finds it there (this run, or the next after a crash) asks `current`: the warehouse of the run that it names is put in its place,
and that of any other goes, with the run's results.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from nightrounds.errors import NightroundsError
from nightrounds.run import Run

Say = Callable[[str], None]
NEW_LINK = ".current.new"
RUN_ID = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z")


def release(run: Run, say: Say = lambda _: None) -> None:
    """Switch `current` to the new results in one step, put the new warehouse in the old one's place, drop the oldest runs.

    Raises OSError while yesterday's results stand, and NightroundsError when they no longer do.
    """
    os.replace(run.building, run.ready)
    os.replace(run.folder, run.released)
    link = run.out / NEW_LINK
    link.unlink(missing_ok=True)
    link.symlink_to(Path("runs") / run.run_id)
    os.replace(link, run.out / "current")
    _replace(run.warehouse, run.ready)
    drop_oldest(run, say)
    say(str(run.out / "current"))


def clear(run: Run) -> None:
    """Finish or undo what an earlier run left half-released, and remove what one left unfinished."""
    current = run.out / "current"
    released = current.readlink().name if current.is_symlink() else None
    for ready in _beside(run, run.ready.name.removesuffix(run.run_id)):
        if ready.name.endswith(f"-{released}"):
            _replace(run.warehouse, ready)
        else:
            remove(run.out / "runs" / ready.name[-len(run.run_id) :])
            remove(ready)
    for unfinished in [run.out / NEW_LINK, *_unfinished(run.out / "runs"), *_beside(run, run.workshop.name)]:
        remove(unfinished)


def drop_oldest(run: Run, say: Say) -> None:
    """Remove all but the last runs that the site keeps; one that cannot be removed is told, and stays."""
    runs = sorted(p for p in (run.out / "runs").iterdir() if RUN_ID.fullmatch(p.name) and p.name != run.run_id)
    for old in runs[: max(0, len(runs) + 1 - run.site.keep)]:
        try:
            remove(old)
        except OSError as error:
            say(f"{old} cannot be removed: {error.strerror}")


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _replace(warehouse: Path, ready: Path) -> None:
    try:
        os.replace(ready, warehouse)
    except OSError as error:
        raise NightroundsError(
            f"The results are published, but the warehouse {warehouse} could not be replaced ({error.strerror}).",
            "Mend its permissions and run again: the next run first puts the new one in its place.",
        ) from error


def _unfinished(folder: Path) -> Iterator[Path]:
    """Half-made results; what else is hidden there, such as a file system's own snapshots, is nobody's leftover."""
    return (path for path in list(folder.iterdir()) if path.name[:1] == "." and RUN_ID.fullmatch(path.name[1:]))


def _beside(run: Run, beginning: str) -> list[Path]:
    """Return what is in the warehouse's folder under a name that begins so."""
    return [path for path in run.warehouse.parent.iterdir() if path.name.startswith(beginning)]
