"""Rules as folders: rule.toml says what is meant, rule.sql how it is decided, cases.toml what it must say.

Anything unexpected in a folder is refused with its path and the remedy, so that a typing error never changes a rule
in silence.
"""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from nightrounds.errors import NightroundsError
from nightrounds.site import Choice, Site
from nightrounds.sources import FEEDS
from nightrounds.sqlfiles import SqlFile, Value

FILES = {"rule.toml", "rule.sql", "cases.toml"}
STATUSES = ("draft", "published", "retired")
KINDS = ("safety", "signal", "value", "documentation", "descriptive")
SEVERITIES = ("critical", "high", "moderate", "low", "info")
# In the order in which they stand in a rule.toml.
KEYS: dict[str, type | tuple[type, ...]] = {
    "title": str, "status": str, "kind": str, "severity": str, "statements": list, "question": str, "why": str,
    "action": str, "false_alarms": str, "references": list, "conflicts": list, "needs": dict, "uses": dict,
    "unit": str, "act_within": int, "hospice": str, "message": str, "written_by": str, "checked_by": str,
    "reviewed_on": date, "review_due": date, "version": str, "changes": list, "parameters": dict,
}  # fmt: skip
OPTIONAL = {"hospice", "parameters", "uses", "conflicts"}
PARAMETER_KEYS = {"default", "unit", "chosen_by", "why"}
# What a rule may read, and what the engine binds besides the rule's own parameters.
READABLE = ("facts.", "clean.")
ENGINE_PARAMETERS = {"horizon", "as_of"}


@dataclass(frozen=True)
class Rule:
    """One rule, as its folder describes it. `about` holds the keys of rule.toml."""

    folder: Path
    about: Mapping[str, Any] = field(repr=False)

    @property
    def rule_id(self) -> str:
        """Name of the rule: its folder's."""
        return self.folder.name

    @property
    def pack(self) -> str:
        """Name of the pack the rule belongs to."""
        return self.folder.parent.name

    @property
    def sql(self) -> SqlFile:
        """The SELECT that decides every unit."""
        return SqlFile(self.folder / "rule.sql")

    @property
    def needs(self) -> list[str]:
        """Feeds without which the rule is not run."""
        return list(self.about["needs"])

    @property
    def floors(self) -> dict[str, dict[str, float]]:
        """What the rule asks of the feeds it needs: feed -> figure (a file of sql/quality) -> least share."""
        return {feed: floors for feed, floors in self.about["needs"].items() if floors}

    @property
    def uses(self) -> list[str]:
        """Feeds that the rule can do without, and says so."""
        return list(self.about.get("uses", {}))

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """The rule's parameters: name -> default, unit, chosen_by, why."""
        return dict(self.about.get("parameters", {}))

    @property
    def listed(self) -> bool:
        """Whether findings go to the worklist; rates and distributions do not."""
        return self.about["kind"] not in ("documentation", "descriptive")

    @property
    def excludes_hospice(self) -> bool:
        """Whether hospice care excludes a unit, or only lowers its finding to `info`."""
        return self.about["kind"] in ("value", "documentation") or self.about.get("hospice") == "exclude"

    @property
    def placeholders(self) -> list[str]:
        """Columns named in the message."""
        return [name for _, name, _, _ in string.Formatter().parse(self.about["message"]) if name]

    def choices(self, site: Site) -> dict[str, Choice]:
        """The value in force of every parameter: the site's where it has one, else the default."""
        own = site.rules.get(self.rule_id, {})
        defaults = {n: Choice(value=p["default"], chosen_by=p["chosen_by"], why=p["why"]) for n, p in self.parameters.items()}
        return {**defaults, **own}

    def values(self, site: Site) -> dict[str, Value]:
        """Parameter name -> value in force."""
        return {name: choice.value for name, choice in self.choices(site).items()}


def load_rules(folder: Path, site: Site | None = None) -> list[Rule]:
    """Read every rule of every pack, in name order. Raises NightroundsError on anything unexpected."""
    found = [load_rule(place) for pack in packs(folder) for place in sorted(pack.iterdir()) if _is_rule(place)]
    names = [rule.rule_id for rule in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise NightroundsError(f"Two packs have a rule {twice[0]!r}.", "Rename one of the two folders.")
    if site:
        _check_site(found, site)
    return found


def packs(folder: Path) -> list[Path]:
    """Return the rule packs: every folder of rules/ but the code lists."""
    return sorted(p for p in folder.iterdir() if p.is_dir() and p.name != "codelists" and not p.name.startswith((".", "_")))


def load_rule(folder: Path) -> Rule:
    """Read and check one rule folder. Raises NightroundsError with the path and the remedy."""
    present = {p.name for p in folder.iterdir() if not p.name.startswith(".")}
    if present != FILES:
        odd = min(present ^ FILES)
        raise _wrong(
            folder / odd,
            "is missing" if odd in FILES else "is not part of a rule",
            f"A rule folder holds exactly {', '.join(sorted(FILES))}.",
        )
    path = folder / "rule.toml"
    try:
        about = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise _wrong(path, f"is not TOML ({error})", "Correct the line it names.") from error
    _check_keys(path, about)
    rule = Rule(folder, about)
    _check_words(path, rule)
    _check_floors(path, rule)
    _check_sql(rule)
    return rule


def _is_rule(place: Path) -> bool:
    if place.is_dir() and not place.name.startswith("."):
        return True
    if place.name != "guideline.toml" and not place.name.startswith("."):
        raise _wrong(place, "is not expected in a pack", "A pack holds rule folders and one guideline.toml.")
    return False


def _check_keys(path: Path, about: dict[str, Any]) -> None:
    for key in about:
        if key not in KEYS:
            raise _wrong(path, f"has an unknown key {key!r}", f"Known keys, in order: {', '.join(KEYS)}.")
    for key, kind in KEYS.items():
        if key not in about and key not in OPTIONAL:
            raise _wrong(path, f"has no {key!r}", "Add it; the order of keys is that of the other rules.")
        if key in about and not isinstance(about[key], kind):
            raise _wrong(path, f"has a {key!r} of the wrong type", "Write it as the other rules do.")
    given = [key for key in about if key in KEYS]
    if given != [key for key in KEYS if key in about]:
        raise _wrong(path, "has its keys in another order", f"Put them in this order: {', '.join(KEYS)}.")


def _check_words(path: Path, rule: Rule) -> None:
    about = rule.about
    for key, known in (("status", STATUSES), ("kind", KINDS), ("severity", SEVERITIES)):
        if about[key] not in known:
            raise _wrong(path, f"has the {key} {about[key]!r}", f"Use one of {', '.join(known)}.")
    if unknown := sorted({*rule.needs, *rule.uses} - set(FEEDS)):
        raise _wrong(path, f"names an unknown feed {unknown[0]!r}", f"Feeds are {', '.join(FEEDS)}.")
    if about.get("hospice", "exclude") != "exclude":
        raise _wrong(path, "has a 'hospice' that is not 'exclude'", 'Write hospice = "exclude" or leave it out.')
    for name, entry in rule.parameters.items():
        if set(entry) != PARAMETER_KEYS:
            raise _wrong(
                path,
                f"describes the parameter {name!r} by {', '.join(entry)}",
                f"Give exactly {', '.join(sorted(PARAMETER_KEYS))}.",
            )


def _check_floors(path: Path, rule: Rule) -> None:
    figures = path.parents[3] / "sql" / "quality"
    for feed, floors in {**rule.about["needs"], **rule.about.get("uses", {})}.items():
        if not isinstance(floors, dict) or (floors and feed in rule.uses):
            raise _wrong(path, f"asks for {feed} wrongly", "Write {} or, in needs only, { figure = 0.9 }.")
        for name, floor in floors.items():
            if not (figures / f"{name}.sql").is_file():
                known = ", ".join(sorted(p.stem for p in figures.glob("*.sql")))
                raise _wrong(path, f"names an unknown figure {name!r}", f"Figures are the files of sql/quality: {known}.")
            if isinstance(floor, bool) or not isinstance(floor, (int, float)) or not 0 < floor <= 1:
                raise _wrong(path, f"sets {name} to {floor!r}", "A floor is a share, more than 0 and at most 1.")


def _check_sql(rule: Rule) -> None:
    path, bound = rule.sql.path, rule.sql.parameters
    if unused := sorted(set(rule.parameters) - bound):
        raise _wrong(path, f"does not use the parameter ${unused[0]}", "Use it or take it out of rule.toml.")
    if undefined := sorted(bound - set(rule.parameters) - ENGINE_PARAMETERS):
        raise _wrong(
            path,
            f"binds ${undefined[0]}, which rule.toml does not define",
            f"Define it under [parameters.{undefined[0]}].",
        )
    if foreign := sorted(t for t in rule.sql.tables if not t.startswith(READABLE)):
        raise _wrong(path, f"reads {foreign[0]}", "A rule reads facts (or clean) only.")


def _check_site(rules: list[Rule], site: Site) -> None:
    known = {rule.rule_id: rule for rule in rules}
    for rule_id, choices in site.rules.items():
        names = known[rule_id].parameters if rule_id in known else {}
        if odd := [name for name in choices if name not in names]:
            raise NightroundsError(
                f"The site file sets {rule_id}.{odd[0]}, which no rule has.",
                "Look the name up with `nightrounds rules show`.",
            )


def _wrong(path: Path, what: str, remedy: str) -> NightroundsError:
    return NightroundsError(f"{path} {what}.", remedy)
