"""What lies in an extract folder: which files belong to which table, and what each file's head says."""

import csv
import gzip
import io
import json
import re
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, cast
from zoneinfo import ZoneInfo

from nightrounds.errors import NightroundsError
from nightrounds.sources import FEEDS

CSV_ENDINGS = (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz")
NDJSON_ENDINGS = (".ndjson", ".ndjson.gz")
ENDINGS = (*CSV_ENDINGS, *NDJSON_ENDINGS, ".parquet")
DELIMITERS = ",\t;|"
# What opening or unpacking a file that breaks off, or is not what its name says, ends with.
UNREADABLE = (OSError, EOFError, zlib.error)


@dataclass(frozen=True)
class ExtractInfo:
    """What `extract.json` says; every part of it is optional."""

    extracted_on: date | None
    mode: str
    covers: dict[str, date]


def table_of(folder: Path, path: Path) -> str:
    """Name the table that a file belongs to: its sub-folder, else its name up to the first dash or dot, in lower case."""
    inside = path.relative_to(folder)
    name = inside.parts[0] if len(inside.parts) > 1 else inside.name.split(".")[0].split("-")[0]
    return name.strip().lower()


def discover(folder: Path) -> dict[str, list[Path]]:
    """Group the readable files of an extract folder (and its direct sub-folders) by table, in name order."""
    if not folder.is_dir():
        raise NightroundsError(f"There is no folder {folder}.", "Give the folder that holds the night's extract.")
    groups: dict[str, list[Path]] = defaultdict(list)
    inside = _listed(folder)
    for path in sorted([*inside, *(deeper for sub in inside if sub.is_dir() for deeper in _listed(sub))]):
        if path.is_file() and path.name.lower().endswith(ENDINGS):
            groups[table_of(folder, path)].append(path)
    if not groups:
        raise NightroundsError(
            f"{folder} holds no CSV or Parquet file, and no NDJSON.", "Check that the export has been delivered."
        )
    return dict(groups)


def _listed(folder: Path) -> list[Path]:
    """List a folder, without what is hidden. One that cannot be listed is refused: its parts of a feed would be missed."""
    try:
        return [path for path in folder.iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise NightroundsError(
            f"The folder {folder} cannot be read.", "Mend its permissions, or take it out of the extract."
        ) from error


def read_info(folder: Path, zone: str = "UTC") -> ExtractInfo:
    """Read `extract.json`; a time with an offset is turned into the zone of the site before its day is taken.

    Raises NightroundsError when the file is there and cannot be understood.
    """
    path = folder / "extract.json"
    if not path.exists():
        return ExtractInfo(None, "snapshot", {})
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8-sig"))
        at = content.get("extracted_at")
        moment = datetime.fromisoformat(at) if at else None
        mode = content.get("mode", "snapshot")
        if mode not in ("snapshot", "delta"):
            raise ValueError(mode)
        covers = {feed: date.fromisoformat(day) for feed, day in content.get("covers", {}).items()}
        if odd := sorted(set(covers) - set(FEEDS)):
            raise ValueError(odd[0])
        if moment and moment.tzinfo:
            moment = moment.astimezone(ZoneInfo(zone))
        return ExtractInfo(moment.date() if moment else None, mode, covers)
    except (ValueError, TypeError, AttributeError) as error:
        raise NightroundsError(
            f"{path} cannot be understood.",
            'Write {"extracted_at": "2026-11-22T02:00:00", "mode": "snapshot", "covers": {}}.',
        ) from error


def is_csv(path: Path) -> bool:
    """Tell delimited text from Parquet by the file's ending."""
    return path.name.lower().endswith(CSV_ENDINGS)


def is_ndjson(path: Path) -> bool:
    """Tell a file of one JSON resource a line by its ending."""
    return path.name.lower().endswith(NDJSON_ENDINGS)


def resource_named(path: Path) -> str:
    """Name, in lower case, the type that an NDJSON file stands for: `Observation_laboratory.000.ndjson` is `observation`."""
    return re.split(r"[._-]", path.name, maxsplit=1)[0].strip().lower()


def open_bytes(path: Path) -> IO[bytes]:
    """Open a plain or gzip file for reading bytes."""
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.name.lower().endswith(".gz") else path.open("rb")


def csv_head(path: Path) -> tuple[str, list[str]]:
    """Return the delimiter and the column names (lower case) of a CSV file.

    The delimiter is the one of comma, tab, semicolon and pipe that splits the header line into most columns. A column may
    lack a name (it is not read), but no two may have the same. Raises NightroundsError for a header that cannot be used.
    """
    try:
        with open_bytes(path) as file:
            first = file.readline().decode("utf-8-sig")
    except UNREADABLE as error:
        raise refused(path, "cannot be read to its end") from error
    except UnicodeDecodeError as error:
        raise refused(path, "has a header line that cannot be read") from error
    if not first:
        raise refused(path, "is empty")
    try:
        splits = {mark: next(csv.reader(io.StringIO(first), delimiter=mark), []) for mark in DELIMITERS}
    except csv.Error as error:
        raise refused(path, "has a header line that cannot be read") from error
    delimiter = max(DELIMITERS, key=lambda mark: len(splits[mark]))
    names = [name.strip().lower() for name in splits[delimiter]]
    if not any(names):
        raise refused(path, "has no header line")
    check_names(path, names)
    return delimiter, names


def check_file_names(paths: Sequence[Path]) -> None:
    """Raise NightroundsError when two files of a table have one name: rows are told apart by file and line."""
    names = [path.name for path in paths]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise NightroundsError(f"Two files are named {twice[0]}.", "Give every file of the extract a name of its own.")


def check_names(path: Path, names: Sequence[str]) -> None:
    """Raise NightroundsError when a file has two columns of one name (in lower case)."""
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise refused(path, f"names the column {twice[0]!r} twice")


def refused(path: Path, why: str) -> NightroundsError:
    """Build the error for a file that is refused whole."""
    return NightroundsError(f"The file {path.name} {why}.", "Ask for it to be exported again, or take it out of the folder.")
