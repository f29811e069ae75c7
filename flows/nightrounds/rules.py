"""Rules as folders: rule.toml says what is meant, rule.sql how it is decided, cases.toml what it must say."""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from nightrounds.errors import NightroundsError
from nightrounds.parameters import Described, check_site, in_force
from nightrounds.rulechecks import check_about, check_files, check_sql, wrong
from nightrounds.site import Choice, Site
from nightrounds.sqlfiles import SqlFile, Value

# Packs of this name hold rules that rest on other sources than the guideline.
COMPANION = "companion"


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
    def companion(self) -> bool:
        """Whether the rule is beyond the guideline: it stays out of headline rates, and every page says so."""
        return self.pack.startswith(COMPANION)

    @cached_property
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
    def distribution(self) -> list[str]:
        """Evidence columns whose values are counted on the rule's page."""
        return list(self.about.get("distribution", []))

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """The rule's parameters: name -> default, unit, chosen_by, why."""
        return dict(self.about.get("parameters", {}))

    @property
    def sensitivity(self) -> dict[str, list[Value]]:
        """Parameters, of the rule or of the facts, whose other values are tried too: name -> values."""
        return dict(self.about.get("sensitivity", {}))

    @property
    def descriptive(self) -> bool:
        """Whether the rule only describes: it has no finding."""
        return bool(self.about["kind"] == "descriptive")

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
        return in_force(self.parameters, site.rules.get(self.rule_id, {}))

    def values(self, site: Site) -> dict[str, Value]:
        """Parameter name -> value in force."""
        return {name: choice.value for name, choice in self.choices(site).items()}


def load_rules(folder: Path, site: Site | None = None) -> list[Rule]:
    """Read every rule of every pack, the guideline's before companions, in name order.

    Raises NightroundsError on anything unexpected.
    """
    found = [load_rule(place) for pack in packs(folder) for place in sorted(pack.iterdir()) if _is_rule(place)]
    names = [rule.rule_id for rule in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise NightroundsError(f"Two packs have a rule {twice[0]!r}.", "Rename one of the two folders.")
    if site:
        check_site(folder, {rule.rule_id: rule.parameters for rule in found}, site)
    return found


def described(folder: Path) -> dict[str, Described]:
    """Return the parameters of every rule, by rule, without looking any further into the rules."""
    tables = {path.parent.name: path.read_text(encoding="utf-8") for pack in packs(folder) for path in pack.glob("*/rule.toml")}
    return {rule_id: tomllib.loads(text).get("parameters", {}) for rule_id, text in tables.items()}


def packs(folder: Path) -> list[Path]:
    """Return the rule packs: every folder of rules/ but the code lists; companions last."""
    found = [p for p in folder.iterdir() if p.is_dir() and p.name != "codelists" and not p.name.startswith((".", "_"))]
    return sorted(found, key=lambda pack: (pack.name.startswith(COMPANION), pack.name))


def load_rule(folder: Path) -> Rule:
    """Read and check one rule folder. Raises NightroundsError with the path and the remedy."""
    check_files(folder)
    path = folder / "rule.toml"
    try:
        rule = Rule(folder, tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise wrong(path, f"is not TOML ({error})", "Correct the line it names.") from error
    check_about(path, rule.about, companion=rule.companion)
    check_sql(rule.sql, set(rule.parameters))
    return rule


def _is_rule(place: Path) -> bool:
    if place.is_dir() and not place.name.startswith("."):
        return True
    if place.name != "guideline.toml" and not place.name.startswith("."):
        raise wrong(place, "is not expected in a pack", "A pack holds rule folders and one guideline.toml.")
    return False
