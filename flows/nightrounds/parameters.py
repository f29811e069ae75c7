"""Parameters: the thresholds that the guideline leaves open, of a rule (rule.toml) or shared by all (rules/facts.toml).

Each has a default; a site may choose another value, and says who chose it and why. A name that nobody knows, or a value of
another kind than the default, is refused: a misspelt choice would otherwise change nothing, in silence.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from nightrounds.errors import NightroundsError
from nightrounds.site import Choice, Site
from nightrounds.sqlfiles import SqlFile, layers, sql_files

COMMENT = re.compile(r"--.*$", re.MULTILINE)
TABLE = re.compile(r"\b(?:clean|facts)\.\w+")
PARAMETER = re.compile(r"\$(\w+)")
Described = Mapping[str, Mapping[str, Any]]


def shared_parameters(rules: Path) -> dict[str, dict[str, Any]]:
    """Return the parameters that facts bind: name -> default, unit, chosen_by, why."""
    return dict(_parameters_in((rules / "facts.toml").read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def _parameters_in(text: str) -> dict[str, dict[str, Any]]:
    """Every rule that binds one of them asks again, of the same text."""
    return dict(tomllib.loads(text)["parameters"])


def in_force(described: Described, chosen: Mapping[str, Choice]) -> dict[str, Choice]:
    """Return every parameter's value with who chose it and why: the site's choice, else the default."""
    defaults = {n: Choice(value=p["default"], chosen_by=p["chosen_by"], why=p["why"]) for n, p in described.items()}
    return {**defaults, **chosen}


def check_choices(described: Described, chosen: Mapping[str, Choice], place: str) -> None:
    """Raise NightroundsError on a choice of a parameter that is not there, or of a value that it cannot have.

    `place` is the table of the site file, such as rules.quinine_without_indication.
    """
    for name, choice in chosen.items():
        if name not in described:
            known = ", ".join(sorted(described)) or "none"
            raise NightroundsError(f"The site file sets {place}.{name}, which does not exist.", f"Parameters there: {known}.")
        default, values = described[name]["default"], described[name].get("one_of")
        if not _is_like(choice.value, default):
            raise NightroundsError(f"The site file sets {place}.{name} to {choice.value!r}.", f"Write it like {default!r}.")
        if values and choice.value not in values:
            raise NightroundsError(f"The site file sets {place}.{name} to {choice.value!r}.", f"Use one of {', '.join(values)}.")


def check_site(folder: Path, described: Mapping[str, Described], site: Site) -> None:
    """Raise NightroundsError when the site file sets what no rule and no fact has, or to what it cannot be."""
    check_choices(shared_parameters(folder), site.facts, "facts")
    for rule_id, chosen in site.rules.items():
        if rule_id not in described:
            raise NightroundsError(f"The site file sets {rule_id}, which is no rule.", "List them with `nightrounds rules`.")
        check_choices(described[rule_id], chosen, f"rules.{rule_id}")


def _is_like(value: object, default: object) -> bool:
    """Whether a value is of the kind of the default; a whole number may stand for one with decimals, never the other way."""
    return type(value) is type(default) or (isinstance(default, float) and type(value) is int)


class Behind:
    """What stands behind a rule: the shared parameters of the facts that it reads, and of all that those read."""

    def __init__(self, sql: Path) -> None:
        self.sql = sql

    @staticmethod
    def read_by(file: SqlFile) -> set[str]:
        """Return the tables of clean and facts that a file reads."""
        return set(TABLE.findall(COMMENT.sub("", file.text)))

    @cached_property
    def files(self) -> dict[str, str]:
        """Text of every file of clean and facts, without comments, by the table's name."""
        found: dict[str, str] = {}
        for schema in ("clean", "facts"):
            files = [file for layer in layers(self.sql / schema) for file in layer] + sql_files(self.sql / schema / "views")
            found |= {f"{schema}.{file.table}": COMMENT.sub("", file.text) for file in files}
        return found

    def reads(self, table: str) -> set[str]:
        """Return the tables of clean and facts that a table is made from."""
        return set(TABLE.findall(self.files.get(table, "")))

    def tables(self, first: frozenset[str]) -> set[str]:
        """Return the tables given and all that they are made from."""
        seen: set[str] = set()
        waiting = set(first)
        while waiting:
            table = waiting.pop()
            seen.add(table)
            waiting |= self.reads(table) - seen
        return seen

    def parameters(self, rule: SqlFile) -> set[str]:
        """Return the names of the `$parameters` that a rule's facts bind, and those that it binds itself."""
        own = set(PARAMETER.findall(COMMENT.sub("", rule.text)))
        return own.union(*(PARAMETER.findall(self.files.get(table, "")) for table in self.tables(rule.tables)))
