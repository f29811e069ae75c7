"""What may stand in a rule's folder. Anything else is refused with its path and the remedy, so that a typing error never
changes a rule in silence.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from nightrounds.errors import NightroundsError
from nightrounds.parameters import shared_parameters
from nightrounds.sources import FEEDS
from nightrounds.sqlfiles import SqlFile

FILES = {"rule.toml", "rule.sql", "cases.toml"}
# In the order in which they stand in a rule.toml.
KEYS: dict[str, type | tuple[type, ...]] = {
    "title": str, "status": str, "kind": str, "severity": str, "statements": list, "question": str, "why": str,
    "action": str, "false_alarms": str, "references": list, "conflicts": list, "needs": dict, "uses": dict,
    "unit": str, "act_within": int, "hospice": str, "message": str, "distribution": list, "written_by": str,
    "checked_by": str, "reviewed_on": date, "review_due": date, "version": str, "changes": list, "parameters": dict,
    "sensitivity": dict,
}  # fmt: skip
OPTIONAL = {"hospice", "parameters", "uses", "conflicts", "distribution", "sensitivity"}
WORDS = {
    "status": ("draft", "published", "retired"),
    "kind": ("safety", "signal", "value", "documentation", "descriptive"),
    "severity": ("critical", "high", "moderate", "low", "info"),
    "hospice": ("exclude",),
}
PARAMETER_KEYS = {"default", "unit", "chosen_by", "why"}
# The values that a parameter may have, where a threshold is a choice of words.
OPTIONAL_PARAMETER_KEYS = {"one_of"}
# In [sensitivity], beside the parameters that are varied: only patients who had one of these drugs are looked at.
INGREDIENTS = "ingredients"
# What a rule may read, and what the engine binds besides the rule's own parameters.
READABLE = ("facts.", "clean.")
ENGINE_PARAMETERS = {"horizon", "as_of"}


def check_files(folder: Path) -> None:
    """Refuse a folder that does not hold exactly the three files."""
    present = {p.name for p in folder.iterdir() if not p.name.startswith(".")}
    if present != FILES:
        odd = min(present ^ FILES)
        what = "is missing" if odd in FILES else "is not part of a rule"
        raise wrong(folder / odd, what, f"A rule folder holds exactly {', '.join(sorted(FILES))}.")


def check_about(path: Path, about: Mapping[str, Any], *, companion: bool) -> None:
    """Refuse a rule.toml with unknown, missing or misplaced keys, or with words that mean nothing."""
    _check_keys(path, about)
    _check_words(path, about)
    _check_statements(path, about, companion=companion)
    _check_parameters(path, about)
    _check_sensitivity(path, about)
    _check_floors(path, about)


def check_sql(sql: SqlFile, parameters: set[str]) -> None:
    """Refuse a rule.sql that binds or reads what it should not, or leaves a parameter of its rule.toml unused."""
    path, bound = sql.path, sql.parameters
    shared = _shared(path.parent) if bound - parameters - ENGINE_PARAMETERS else set()
    if unused := sorted(parameters - bound):
        raise wrong(path, f"does not use the parameter ${unused[0]}", "Use it or take it out of rule.toml.")
    if undefined := sorted(bound - parameters - ENGINE_PARAMETERS - shared):
        name = undefined[0]
        raise wrong(path, f"binds ${name}, which rule.toml does not define", f"Define it under [parameters.{name}].")
    if foreign := sorted(t for t in sql.tables if not t.startswith(READABLE)):
        raise wrong(path, f"reads {foreign[0]}", "A rule reads facts (or clean) only.")


def wrong(path: Path, what: str, remedy: str) -> NightroundsError:
    """Return the error that names a path, what is wrong with it, and the remedy."""
    return NightroundsError(f"{path} {what}.", remedy)


def _check_keys(path: Path, about: Mapping[str, Any]) -> None:
    for key in about:
        if key not in KEYS:
            raise wrong(path, f"has an unknown key {key!r}", f"Known keys, in order: {', '.join(KEYS)}.")
    for key, kind in KEYS.items():
        if key not in about and key not in OPTIONAL:
            raise wrong(path, f"has no {key!r}", "Add it; the order of keys is that of the other rules.")
        if key in about and not isinstance(about[key], kind):
            raise wrong(path, f"has a {key!r} of the wrong type", "Write it as the other rules do.")
    if list(about) != [key for key in KEYS if key in about]:
        raise wrong(path, "has its keys in another order", f"Put them in this order: {', '.join(KEYS)}.")


def _check_words(path: Path, about: Mapping[str, Any]) -> None:
    for key, known in WORDS.items():
        if key in about and about[key] not in known:
            raise wrong(path, f"has the {key} {about[key]!r}", f"Use one of {', '.join(known)}.")
    if unknown := sorted({*about["needs"], *about.get("uses", {})} - set(FEEDS)):
        raise wrong(path, f"names an unknown feed {unknown[0]!r}", f"Feeds are {', '.join(FEEDS)}.")


def _check_statements(path: Path, about: Mapping[str, Any], *, companion: bool) -> None:
    if companion and about["statements"]:
        raise wrong(path, "is a companion rule that names a statement of the guideline", "Write statements = [].")
    if not companion and not about["statements"]:
        raise wrong(path, "names no statement of the guideline", "Name one, or move the rule to the companion pack.")


def _check_parameters(path: Path, about: Mapping[str, Any]) -> None:
    for name, entry in about.get("parameters", {}).items():
        if not isinstance(entry, dict) or set(entry) - OPTIONAL_PARAMETER_KEYS != PARAMETER_KEYS:
            raise wrong(path, f"describes the parameter {name!r} wrongly", f"Give exactly {', '.join(sorted(PARAMETER_KEYS))}.")


def _check_sensitivity(path: Path, about: Mapping[str, Any]) -> None:
    varied = {name: values for name, values in about.get("sensitivity", {}).items() if name != INGREDIENTS}
    if "sensitivity" in about and not 1 <= len(varied) <= 2:
        raise wrong(path, "varies no parameter or too many", "Vary one parameter, or two: a table's rows and columns.")
    for name, values in varied.items():
        if not isinstance(values, list) or len(values) < 2 or len({type(v) for v in values}) > 1:
            raise wrong(path, f"varies {name!r} wrongly", "Give a list of two values or more, all of one type.")
        if name not in about.get("parameters", {}) and name not in _shared(path.parent):
            raise wrong(path, f"varies {name!r}, which is no parameter", "Name one of the rule or of rules/facts.toml.")


def _shared(folder: Path) -> set[str]:
    """Names of the parameters that the facts bind; a rule may bind them too."""
    return set(shared_parameters(folder.parents[1]))


def _check_floors(path: Path, about: Mapping[str, Any]) -> None:
    figures = path.parents[3] / "sql" / "quality"
    for feed, name, floor in _floors(path, about):
        if not (figures / f"{name}.sql").is_file():
            known = ", ".join(sorted(p.stem for p in figures.glob("*.sql")))
            raise wrong(path, f"names an unknown figure {name!r} of {feed}", f"Figures are the files of sql/quality: {known}.")
        if isinstance(floor, bool) or not isinstance(floor, (int, float)) or not 0 < floor <= 1:
            raise wrong(path, f"sets {name} to {floor!r}", "A floor is a share, more than 0 and at most 1.")


def _floors(path: Path, about: Mapping[str, Any]) -> Iterator[tuple[str, str, object]]:
    for key in ("needs", "uses"):
        for feed, floors in about.get(key, {}).items():
            if not isinstance(floors, dict) or (floors and key == "uses"):
                raise wrong(path, f"asks for {feed} wrongly", "Write {} or, in needs only, { figure = 0.9 }.")
            yield from ((feed, name, floor) for name, floor in floors.items())
