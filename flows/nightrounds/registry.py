"""The registry of a run: what each rule says of itself, its parameters in force, and whether it was run."""

from datetime import date

import duckdb

from nightrounds.rules import Rule
from nightrounds.site import Site


def register_rule(
    con: duckdb.DuckDBPyConnection,
    rule: Rule,
    site: Site,
    position: int,
    why_not: str | None,
    horizon: date,
    seconds: float,
) -> None:
    """Write one rule and its parameters; `why_not` says what kept it from being run, if anything did."""
    about = rule.about
    row = {
        **{k: about[k] for k in about if k not in ("needs", "uses", "hospice", "parameters", "changes")},
        "rule_id": rule.rule_id, "pack": rule.pack, "position": position, "needs": rule.needs, "uses": rule.uses,
        "conflicts": about.get("conflicts", []), "excludes_hospice": rule.excludes_hospice, "horizon": horizon,
        "run_status": "not_run" if why_not else "run", "not_run_reason": why_not, "seconds": round(seconds, 3),
    }  # fmt: skip
    _insert(con, "audit.rules", row)
    for name, choice in rule.choices(site).items():
        described = rule.parameters[name]
        _insert(con, "audit.parameters", {
            "rule_id": rule.rule_id, "name": name, "default_value": str(described["default"]), "value": str(choice.value),
            "unit": described["unit"], "chosen_by": choice.chosen_by, "why": choice.why,
        })  # fmt: skip


def _insert(con: duckdb.DuckDBPyConnection, table: str, row: dict[str, object]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    con.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
