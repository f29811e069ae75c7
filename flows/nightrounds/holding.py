"""Holding: a run has its results' folder and its warehouse to itself, finds them tidy, and leaves them so however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

from nightrounds.errors import NightroundsError
from nightrounds.releasing import clear
from nightrounds.run import Run

# What the database or the disk said when a step failed; it goes with the next run.
LAST_ERROR = "last-error.txt"


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
                lock = held.enter_context(path.open("a"))
            except OSError as error:
                raise NightroundsError(
                    f"{path.parent} cannot be written.", "Choose another place with --out, or mend its permissions."
                ) from error
            _lock(lock, run)
        _check_places(run)
        # They are read now, so that one which cannot be used is told before the hours that a large extract takes.
        _ = run.rules
        held.callback(_tidy, run)
        _tidy(run)
        (run.out / LAST_ERROR).unlink(missing_ok=True)
        yield


def _tidy(run: Run) -> None:
    try:
        clear(run)
    except OSError as error:
        raise NightroundsError(
            f"What an earlier run left half-made in {run.out} or beside {run.warehouse} cannot be removed ({error.strerror}).",
            "Mend its permissions.",
        ) from error


def _check_places(run: Run) -> None:
    """Raise NightroundsError where the release would fail at the end of the night."""
    current = run.out / "current"
    if run.released.exists():
        raise NightroundsError(f"There are already results in {run.released}.", "Run again.")
    if run.warehouse.is_dir() or (current.exists() and not current.is_symlink()):
        place = run.warehouse if run.warehouse.is_dir() else current
        raise NightroundsError(f"{place} is in the way of what a run leaves there.", "Move it, or choose another --out.")


def _lock(file: IO[str], run: Run) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise NightroundsError(
            f"The warehouse {run.warehouse} or its results are in use by another run.",
            "Wait for that run to end, or name others with --warehouse and --out.",
        ) from error
