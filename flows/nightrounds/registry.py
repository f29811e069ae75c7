"""The registry of a run: what each rule says of itself, its parameters in force, and whether it was run."""

from datetime import date

import duckdb

from nightrounds.parameters import Behind, Described, in_force, shared_parameters
from nightrounds.project import Project
from nightrounds.rules import Rule
from nightrounds.site import Choice, Site

# What is not written as it stands in rule.toml.
APART = ("needs", "uses", "hospice", "parameters", "sensitivity", "changes")


class Registry:
    """Writes `audit.rules` and `audit.parameters` of a run; the parameters that rules share are written at once."""

    def __init__(self, con: duckdb.DuckDBPyConnection, project: Project, site: Site) -> None:
        self.con, self.site, self.behind = con, site, Behind(project.sql)
        self.shared = shared_parameters(project.rules)
        self.position = 0
        self._register_parameters(None, self.shared, in_force(self.shared, site.facts))

    def register(self, rule: Rule, why_not: str | None, horizon: date, seconds: float) -> None:
        """Write one rule and its parameters; `why_not` says what kept it from being run, if anything did."""
        about = rule.about
        row = {
            **{k: about[k] for k in about if k not in APART},
            "rule_id": rule.rule_id, "pack": rule.pack, "companion": rule.companion, "position": self.position,
            "needs": rule.needs, "uses": rule.uses, "conflicts": about.get("conflicts", []),
            "distribution": rule.distribution, "excludes_hospice": rule.excludes_hospice, "horizon": horizon,
            "run_status": "not_run" if why_not else "run", "not_run_reason": why_not, "seconds": round(seconds, 3),
            "shared_parameters": sorted(self.behind.parameters(rule.sql) & set(self.shared) - set(rule.parameters)),
        }  # fmt: skip
        self._insert("audit.rules", row)
        self._register_parameters(rule.rule_id, rule.parameters, rule.choices(self.site))
        self.position += 1

    def _register_parameters(self, rule_id: str | None, described: Described, choices: dict[str, Choice]) -> None:
        for name, choice in choices.items():
            self._insert("audit.parameters", {
                "rule_id": rule_id, "name": name, "default_value": spoken(described[name]["default"]),
                "value": spoken(choice.value), "unit": described[name]["unit"], "chosen_by": choice.chosen_by, "why": choice.why,
            })  # fmt: skip

    def _insert(self, table: str, row: dict[str, object]) -> None:
        names = ", ".join(f'"{name}"' for name in row)
        self.con.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


def spoken(value: object) -> str:
    """Write a parameter's value as a page shows it: a list as its words."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
