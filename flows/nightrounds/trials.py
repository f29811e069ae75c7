"""Trials: a rule run on its own cases, through the same load, build and apply as a night's extract.

Cases that agree on date, feeds and the parameters of facts share one load and build; those that agree on the rest, one apply.
"""

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from nightrounds.audit import apply_rules
from nightrounds.cases import Case, facts_of_cases, read_cases, site_of, what_facts_see
from nightrounds.database import connect
from nightrounds.errors import NightroundsError
from nightrounds.project import Project
from nightrounds.rules import Rule
from nightrounds.run import Run


@dataclass(frozen=True)
class CaseResult:
    """A case and what was wrong with what came of it; empty when it passed."""

    case: Case
    problems: list[str]


def run_cases(project: Project, rule: Rule, cases: Iterable[Case] | None = None) -> list[CaseResult]:
    """Run a rule's cases (all of cases.toml, or those given) and compare; one result per case, in order."""
    together: dict[str, list[Case]] = defaultdict(list)
    for case in read_cases(rule) if cases is None else cases:
        together[what_facts_see(rule, case).group].append(case)
    results = [result for members in together.values() for result in _run_together(project, rule, members)]
    return sorted(results, key=lambda result: result.case.number)


def _run_together(project: Project, rule: Rule, cases: list[Case]) -> Iterator[CaseResult]:
    """Load and build once for cases whose facts are the same, then apply the rule once for each choice of the rest."""
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.group].append(case)
    with tempfile.TemporaryDirectory(prefix="nightrounds-cases-") as scratch:
        run = facts_of_cases(project, rule, [what_facts_see(rule, case) for case in cases], Path(scratch))
        with connect(run.building) as con:
            _refuse_quarantined(con, rule)
            for group in groups.values():
                units = _units(con, run, rule, group[0])
                for case in group:
                    own = [unit for unit in units if unit["patient_id"] == case.patient_id]
                    yield CaseResult(case, compare(case.content["expect"], own))


def _refuse_quarantined(con: duckdb.DuckDBPyConnection, rule: Rule) -> None:
    quarantined = con.execute("SELECT feed, line, column_name, value, reason FROM audit.quarantine").fetchall()
    if quarantined:
        raise NightroundsError(
            f"A case of {rule.rule_id} has a row that is quarantined: {quarantined[0]}.", "Mend the row in cases.toml."
        )


def _units(con: duckdb.DuckDBPyConnection, run: Run, rule: Rule, case: Case) -> list[dict[str, Any]]:
    """Apply the rule with a case's parameters and watermarks, and put everything back."""
    con.execute("BEGIN")
    for feed, day in case.content.get("covers", {}).items():
        con.execute("UPDATE facts.feeds SET watermark = ? WHERE feed = ?", [day, feed])
    apply_rules(con, replace(run, site=site_of(rule, case)), [rule])
    reader = con.execute("SELECT * FROM audit.results ORDER BY patient_id, index_date, unit_id")
    names = [name for name, *_ in reader.description]
    units = [dict(zip(names, row, strict=True)) for row in reader.fetchall()]
    con.execute("ROLLBACK")
    return units


def compare(expected: list[dict[str, Any]], units: list[dict[str, Any]]) -> list[str]:
    """Say in words where the units differ from what a case expects."""
    if len(expected) != len(units):
        got = [(unit["unit_id"], unit["outcome"], unit["reason"]) for unit in units]
        return [f"expected {len(expected)} units, got {len(units)}: {got}"]
    pairs = enumerate(zip(expected, units, strict=True), start=1)
    return [f"unit {number}: {problem}" for number, (wanted, unit) in pairs for problem in _differences(wanted, unit)]


def _differences(wanted: dict[str, Any], unit: dict[str, Any]) -> Iterator[str]:
    for key in ("outcome", "severity", "reason", "index_date"):
        if key in wanted and wanted[key] != unit[key]:
            yield f"{key} is {unit[key]!r}, expected {wanted[key]!r} (reason: {unit['reason']})"
    for part in wanted.get("message", []):
        if part not in (unit["message"] or ""):
            yield f"the message lacks {part!r}: {unit['message']!r}"
    evidence = json.loads(unit["evidence"])
    for name, value in wanted.get("evidence", {}).items():
        if evidence.get(name) != json.loads(json.dumps(value, default=str)):
            yield f"evidence {name} is {evidence.get(name)!r}, expected {value!r}"
