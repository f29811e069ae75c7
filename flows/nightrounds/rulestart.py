"""What `rules new` does: start the folder of a rule from rules/_new, three files that explain themselves and run as they are."""

import re
import shutil
from pathlib import Path

from rich.console import Console

from nightrounds.errors import NightroundsError
from nightrounds.project import Project, find_project
from nightrounds.rules import COMPANION, described, load_rule, packs

# The name is a folder's, a page's and part of every finding's id.
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
PATTERN = "_new"


def new_rule(name: str, pack: str, project: Path | None) -> None:
    """Write rules/<pack>/<name> and tell what to do next.

    Raises NightroundsError when the name cannot be a rule's, a rule has it already, or there is no such pack.
    """
    content = find_project(project)
    folder = _place(content, name, pack)
    try:
        shutil.copytree(content.rules / PATTERN, folder)
    except OSError as error:
        raise NightroundsError(f"{folder} cannot be written.", "Work in a checkout of your own, named with --project.") from error
    if pack.startswith(COMPANION):
        about = folder / "rule.toml"
        text = re.sub(r"^statements = .*$", "statements = []", about.read_text(encoding="utf-8"), flags=re.MULTILINE)
        about.write_text(text, encoding="utf-8")
    load_rule(folder)
    out = Console(highlight=False, soft_wrap=True)
    out.print(f"A draft to be changed, in {folder}: rule.toml (meaning), cases.toml (proof), rule.sql (decision).", markup=False)
    out.print(f"nightrounds rules test {name}      runs its cases, which pass as they are", markup=False)
    out.print(f"nightrounds rules preview {name}   shows what it finds on the data of the last run", markup=False)


def _place(content: Project, name: str, pack: str) -> Path:
    """Return the folder to be made."""
    if not NAME.fullmatch(name):
        raise NightroundsError(f"{name!r} cannot be the name of a rule.", "Use small letters, digits and _, such as statin_dose.")
    known = [place.name for place in packs(content.rules)]
    if pack not in known:
        raise NightroundsError(
            f"There is no pack {pack!r}.", f"Packs are {', '.join(known)}; a new one starts as a folder in rules/."
        )
    if name in described(content.rules) or (content.rules / pack / name).exists():
        raise NightroundsError(f"There is a rule {name!r} already.", "Choose another name, or change that rule.")
    return content.rules / pack / name
