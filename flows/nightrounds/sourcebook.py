"""What the `source` commands do: start a source folder for a site whose names or codes differ from the project's own."""

import re
from pathlib import Path

from rich.console import Console

from nightrounds.errors import NightroundsError
from nightrounds.project import Project, find_project
from nightrounds.sources import FEEDS, find_source
from nightrounds.sqlfiles import SqlFile, sql_files

COLUMN = re.compile(r"^    (\w+),?$")
HELP = """\
-- Name your own column before AS (`medrec_no AS patient_id`), and leave out what you do not have; * must be there. What
-- you call the file goes after FROM raw. (patients.csv is raw.patients) and, with the columns it must have, after `needs:`.
-- A date in a form of your own: coalesce(CAST(CAST(try_strptime(born, '%d.%m.%Y') AS DATE) AS VARCHAR), born) AS birth_date;
-- what cannot be read so stays as it is and ends in quarantine, with its reason. Every row of the file must stay one row."""


def new_source(name: str, like: str, project: Path | None) -> None:
    """Write a source folder named `name` (or at that path) that reads what `like` reads, and tell what to do next.

    Raises NightroundsError when the folder is there already, cannot be written, or `like` is no source.
    """
    content, folder = find_project(project), Path(name).resolve()
    files = sql_files(find_source(content.sql, like))
    if folder.exists():
        raise NightroundsError(f"{folder} is there already.", "Choose another name, or go on with that folder.")
    try:
        folder.mkdir(parents=True)
        for file in sorted(files, key=lambda file: FEEDS.index(file.table)):
            text = _explained(content, file) if like == "native" else file.path.read_text(encoding="utf-8")
            (folder / file.path.name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise NightroundsError(f"{folder} cannot be written.", "Choose another place.") from error
    out = Console(highlight=False, soft_wrap=True)
    out.print(f"{len(files)} SELECTs, one a feed, in {folder}", markup=False)
    out.print("Edit the feeds that you have and delete the others; patients, prescriptions and labs are needed. Then:")
    out.print(f"nightrounds run EXTRACT_DIR --source {folder} --out DIR", markup=False)


def _explained(project: Project, file: SqlFile) -> str:
    """A native SELECT with the contract's words behind every column."""
    contract = SqlFile(project.sql / "extracts" / file.path.name)
    needed = [line for line in file.header if line.startswith("-- needs:")]
    lines = [_behind(line, contract) for line in file.text.splitlines()[len(file.header) :]]
    return "\n".join([contract.header[0], HELP, *needed, *lines, ""])


def _behind(line: str, contract: SqlFile) -> str:
    found = COLUMN.match(line)
    says = contract.column_comments.get(found.group(1)) if found else None
    if found is None or says is None:
        return line
    return f"{line}  -- {'* ' if found.group(1) in contract.required_columns else ''}{says}"
