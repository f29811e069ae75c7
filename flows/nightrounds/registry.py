"""The registry of a run: what each rule says of itself, its parameters in force, and whether it was run."""

from collections.abc import Iterator
from datetime import date

import duckdb

from nightrounds.parameters import Behind, Described, in_force, shared_parameters
from nightrounds.project import Project
from nightrounds.rows import insert_rows
from nightrounds.rules import Rule
from nightrounds.site import Choice, Site

# What is not written as it stands in rule.toml.
APART = ("needs", "uses", "hospice", "parameters", "sensitivity", "changes")


class Registry:
    """Notes the rules of a run, and writes `audit.rules` and `audit.parameters` when all are noted.

    The parameters that rules share are noted at once, without a rule.
    """

    def __init__(self, project: Project, site: Site) -> None:
        self.site, self.behind, self.shared = site, Behind(project.sql), shared_parameters(project.rules)
        self.rules: list[dict[str, object]] = []
        self.parameters = list(_described(None, self.shared, in_force(self.shared, site.facts)))

    def note(self, rule: Rule, why_not: str | None, horizon: date, seconds: float) -> None:
        """Note one rule and its parameters; `why_not` says what kept it from being run, if anything did."""
        about = rule.about
        self.rules.append({
            **{k: about[k] for k in about if k not in APART},
            "rule_id": rule.rule_id, "pack": rule.pack, "companion": rule.companion, "position": len(self.rules),
            "needs": rule.needs, "uses": rule.uses, "conflicts": about.get("conflicts", []),
            "distribution": rule.distribution, "excludes_hospice": rule.excludes_hospice, "horizon": horizon,
            "run_status": "not_run" if why_not else "run", "not_run_reason": why_not, "seconds": round(seconds, 3),
            "shared_parameters": sorted(self.behind.parameters(rule.sql) & set(self.shared) - set(rule.parameters)),
        })  # fmt: skip
        self.parameters += _described(rule.rule_id, rule.parameters, rule.choices(self.site))

    def write(self, con: duckdb.DuckDBPyConnection) -> None:
        """Write what was noted, in the place of what an earlier run of the rules wrote."""
        for table, rows in (("rules", self.rules), ("parameters", self.parameters)):
            con.execute(f"DELETE FROM audit.{table}")
            insert_rows(con, f"audit.{table}", rows)


def _described(rule_id: str | None, described: Described, choices: dict[str, Choice]) -> Iterator[dict[str, object]]:
    for name, choice in choices.items():
        yield {
            "rule_id": rule_id, "name": name, "default_value": spoken(described[name]["default"]),
            "value": spoken(choice.value), "unit": described[name]["unit"], "chosen_by": choice.chosen_by, "why": choice.why,
        }  # fmt: skip


def spoken(value: object) -> str:
    """Write a parameter's value as a page shows it: a list as its words."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
