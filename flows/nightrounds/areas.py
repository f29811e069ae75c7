"""Areas: the parts of the report, and the modes of the folders and files in them, whatever the process's file mask."""

import os
import re
from pathlib import Path
from typing import IO, Any

from nightrounds.errors import NightroundsError

# Name of the part -> modes of its folders and files: the dashboard may be passed on, the worklist names patients.
AREAS = {"dashboard": (0o755, 0o644), "worklist": (0o700, 0o600)}
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def safe_name(value: object) -> str:
    """Return a name that is to become a file's. Raises NightroundsError when it could name another place."""
    name = str(value)
    if not SAFE_NAME.fullmatch(name):
        raise NightroundsError(f"{name!r} cannot be a page's file name.", "Use letters, digits, _ and - only.")
    return name


def create(target: Path, area: str, how: str = "w") -> IO[Any]:
    """Open a file for writing text (`w`) or bytes (`wb`) in its folder, both with the modes of the area."""
    folder_mode, mode = AREAS[area]
    make_folder(target.parent, folder_mode)
    number = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    os.fchmod(number, mode)
    return os.fdopen(number, how) if how == "wb" else os.fdopen(number, how, encoding="utf-8", newline="")


def make_folder(folder: Path, mode: int) -> None:
    """Make a folder, whatever the process's file mask, with exactly this mode."""
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    folder.chmod(mode)
