"""Doctor: one line a check, ok, look or wrong, each with what to do. It changes nothing and reads no row of an extract."""

import importlib.metadata
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from nightrounds.checkups import Check, codelists, disk, extract, permissions
from nightrounds.errors import CheckFailedError, NightroundsError
from nightrounds.project import Project, find_project
from nightrounds.run import new_run
from nightrounds.site import Site, load_site


def examine(site: Path | None, out: Path | None, project: Path | None) -> None:
    """Print every check. Raises CheckFailedError (exit code 1) when one of them is wrong."""
    content = find_project(project)
    settings, site_check = _site(site)
    run = new_run(content, settings, settings.extract or Path("no-extract"), out=out)
    checks = [*_installation(content), site_check, *permissions(run), *codelists(run), disk(run), extract(run)]
    for check in checks:
        print(f"{check.state:<5} {check.about:<12} {check.found}")
    wrong = [check.about for check in checks if check.state == "wrong"]
    if wrong:
        raise CheckFailedError(f"{len(wrong)} of {len(checks)} checks are wrong: {', '.join(wrong)}.", "Each says what to do.")


def _installation(project: Project) -> Iterator[Check]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    about = tomllib.loads((project.root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    least = tuple(int(part) for part in about["requires-python"].removeprefix(">=").split("."))
    if sys.version_info < least:
        yield Check("wrong", "python", f"{version} is too old. Make the environment again with {about['requires-python']}.")
    else:
        yield Check("ok", "python", version)
    yield packages(project, {re.split(r"[<>=!~\[; ]", name)[0] for name in about["dependencies"]})


def packages(project: Project, needed: set[str]) -> Check:
    """Compare installed packages with requirements.lock; one that the engine itself needs must be the locked one."""
    path = project.root / "requirements.lock"
    if not path.exists():
        return Check("look", "packages", f"There is no {path.name} to compare with. Take the whole checkout.")
    # One package may be locked in several versions, each for other versions of Python.
    locked: dict[str, set[str]] = defaultdict(set)
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ \\;]+)", path.read_text(encoding="utf-8"), re.MULTILINE):
        locked[name].add(version)
    installed = {name: _installed(name) for name in locked}
    absent = sorted(name for name in needed if not installed.get(name))
    different = {name: have for name, have in sorted(installed.items()) if have and have not in locked[name]}
    other = [f"{name} {have}, locked {' or '.join(sorted(locked[name]))}" for name, have in different.items()]
    if absent or needed & different.keys():
        differing = [f"{name} absent" for name in absent] + other
        return Check("wrong", "packages", f"{'; '.join(differing)}. Install requirements.lock again (make run does).")
    if other:
        return Check("look", "packages", f"{'; '.join(other)}. Only the locked versions are tested.")
    return Check("ok", "packages", f"{sum(have is not None for have in installed.values())} as locked")


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _site(path: Path | None) -> tuple[Site, Check]:
    try:
        settings = load_site(path)
    except NightroundsError as error:
        return Site.model_construct(), Check("wrong", "site file", str(error))
    if path is None:
        return settings, Check("look", "site file", "None given, so the defaults are used. Name it with --site.")
    return settings, Check("ok", "site file", f"{path}: {settings.name}, {settings.zone}")
