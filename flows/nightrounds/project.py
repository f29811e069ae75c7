"""Where the content is: sql/, rules/ and reports/ stand in a checkout, and every path is taken from its root."""

import os
from dataclasses import dataclass
from pathlib import Path

from nightrounds.errors import NightroundsError

CONTENT = ("sql", "rules", "reports")


@dataclass(frozen=True)
class Project:
    """A checkout of nightrounds: the folder that holds sql/, rules/, reports/ and data_samples/."""

    root: Path

    @property
    def sql(self) -> Path:
        """Folder of SELECT statements: one folder a schema, one file a table."""
        return self.root / "sql"

    @property
    def rules(self) -> Path:
        """Folder of rule packs and code lists."""
        return self.root / "rules"

    @property
    def reports(self) -> Path:
        """Folder of page templates and the SQL that feeds them."""
        return self.root / "reports"

    @property
    def samples(self) -> Path:
        """Folder of invented sample deliveries."""
        return self.root / "data_samples"


def find_project(given: Path | None = None) -> Project:
    """Return the checkout named by `--project`, NIGHTROUNDS_PROJECT, this file's own place or the working directory.

    Raises NightroundsError when none of them holds the content folders.
    """
    named = given or (Path(os.environ["NIGHTROUNDS_PROJECT"]) if os.environ.get("NIGHTROUNDS_PROJECT") else None)
    candidates = [named] if named else [Path(__file__).parents[2], Path.cwd()]
    for candidate in candidates:
        if all((candidate / folder).is_dir() for folder in CONTENT):
            return Project(candidate.resolve())
    raise NightroundsError(
        f"No sql/, rules/ and reports/ folders in {' or '.join(str(c) for c in candidates)}.",
        "Say where the nightrounds checkout is with --project or NIGHTROUNDS_PROJECT.",
    )
