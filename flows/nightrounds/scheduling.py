"""What a scheduler needs of the engine: a run described by paths, and steps whose failures are safe to keep.

A scheduler writes parameters and the texts of errors into a database of its own, where no patient may appear. Parameters
are therefore paths and dates, and an error that is not written for people (a cast that failed quotes the value it failed
on) is replaced by its type and place.
"""

import os
import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb

from nightrounds.errors import NightroundsError
from nightrounds.files import read_info
from nightrounds.pipeline import STEPS, take
from nightrounds.project import find_project
from nightrounds.run import Run, new_run
from nightrounds.site import load_site

# The reason for opening a closed gate is a person's sentence: it goes by the environment, which schedulers do not keep.
ACCEPT_GATE = "NIGHTROUNDS_ACCEPT_GATE"
Say = Callable[[str], None]


class StepFailedError(NightroundsError):
    """A step's failure without the values that the original error may quote, and cut off from it."""

    def __init__(self, step: str, error: Exception) -> None:
        """Keep a sentence written for people; of any other error keep its type and the line where it was raised."""
        if isinstance(error, NightroundsError):
            sentence, remedy, self.exit_code = error.sentence, error.remedy, error.exit_code
        else:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            sentence = f"The step {step!r} failed with {type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}."
            remedy = "Take the same run with `nightrounds run` to see the whole error; it may quote values, so mind who reads it."
            self.exit_code = 1
        super().__init__(sentence, remedy)
        # What a file share that does not answer looks like, to Python and to DuckDB.
        self.may_pass = _came_of(error, (OSError, duckdb.IOException))


def plan_run(
    site: Path | None = None,
    extract: Path | None = None,
    out: Path | None = None,
    source: str | None = None,
    as_of: date | None = None,
    warehouse: Path | None = None,
) -> Run:
    """Describe tonight's run; what is not given is the site's, and without a site's extract the sample delivery is audited."""
    project, settings = find_project(), load_site(site)
    folder = extract or settings.extract
    if folder is None:
        folder, out = project.samples / "native", out or project.root / "build" / "demo"
        as_of = as_of or read_info(folder).extracted_on
    accept_gate = os.environ.get(ACCEPT_GATE) or None
    return new_run(project, settings, folder, source=source, out=out, warehouse=warehouse, as_of=as_of, accept_gate=accept_gate)


def take_step(name: str, run: Run, say: Say) -> None:
    """Take one step of the line. Raises StepFailedError, and nothing else, when it fails."""
    failure = None
    try:
        take(name, dict(STEPS)[name], run, say)
    except Exception as error:  # noqa: BLE001 - every error is told, in a form that may be kept
        failure = StepFailedError(name, error)
    # Outside the handler, so that the original error is not even the context of this one.
    if failure:
        raise failure


def _came_of(error: BaseException | None, kinds: tuple[type[BaseException], ...]) -> bool:
    """Tell whether an error is of one of these kinds or was raised because of one."""
    while error and not isinstance(error, kinds):
        error = error.__cause__ or error.__context__
    return error is not None
