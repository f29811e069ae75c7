"""Cases: a rule's own examples, read from cases.toml and written as an extract, one patient a case."""

import csv
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from nightrounds.database import connect
from nightrounds.errors import NightroundsError
from nightrounds.extracts import load
from nightrounds.parameters import check_site
from nightrounds.project import Project
from nightrounds.rules import Rule
from nightrounds.run import Run
from nightrounds.site import Choice, Site
from nightrounds.sources import FEEDS
from nightrounds.sqlfiles import SqlFile
from nightrounds.warehouse import build_facts

CASE_KEYS = {"name", "patient", "expect", "as_of", "covers", "absent", "parameters", *FEEDS} - {"patients"}
EXPECT_KEYS = {"outcome", "severity", "reason", "index_date", "message", "evidence"}
PATIENT = {"birth_date": date(1960, 1, 1), "sex": "female"}
PREFIX = {
    "prescriptions": "rx", "labs": "lab", "diagnoses": "dx", "procedures": "px", "administrations": "adm",
    "dialysis_sessions": "dia", "encounters": "enc",
}  # fmt: skip
# What a row of a feed is when a case does not say.
FILLED: dict[str, dict[str, Any]] = {
    "prescriptions": {"status": "active"}, "labs": {"status": "final", "test_code_system": "loinc"},
    "diagnoses": {"code_system": "icd10cm"}, "procedures": {"code_system": "snomed"}, "encounters": {"class": "outpatient"},
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One example: rows of one patient, and the units that must come of it."""

    rule_id: str
    number: int
    name: str
    content: Mapping[str, Any]
    as_of: date
    alias: str | None = None

    @property
    def patient_id(self) -> str:
        """The case's own patient."""
        return self.alias or f"{self.rule_id}-{self.number:03d}"

    @property
    def group(self) -> str:
        """Cases with equal groups can share an extract."""
        keys = ("covers", "absent", "parameters")
        return json.dumps([self.as_of, {k: self.content.get(k) for k in keys}], default=str, sort_keys=True)


def read_cases(rule: Rule) -> list[Case]:
    """Read cases.toml of a rule. Raises NightroundsError on an unknown key or a missing expectation."""
    path = rule.folder / "cases.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise NightroundsError(f"{path} is not TOML ({error}).", "Correct the line it names.") from error
    defaults = content.get("defaults", {})
    found = []
    for number, entry in enumerate(content.get("case", []), start=1):
        _check(path, entry)
        rows = {f: [{**FILLED.get(f, {}), **defaults.get(f, {}), **row} for row in entry.get(f, [])] for f in PREFIX}
        found.append(Case(rule.rule_id, number, entry["name"], {**entry, **rows}, entry.get("as_of", content["as_of"])))
    return found


def what_facts_see(rule: Rule, case: Case) -> Case:
    """Return a case without what no fact but the list of feeds depends on: its rule's own parameters and its watermarks."""
    shared = {name: value for name, value in case.content.get("parameters", {}).items() if name not in rule.parameters}
    return replace(case, content={**case.content, "parameters": shared, "covers": {}})


def facts_of_cases(project: Project, rule: Rule, cases: list[Case], folder: Path) -> Run:
    """Write one extract for cases of one group, load it and build its facts; the database is `run.building`."""
    first = cases[0]
    write_extract(project.sql, folder / "extract", cases)
    site = site_of(rule, first)
    check_site(project.rules, {rule.rule_id: rule.parameters}, site)
    started_at = datetime.combine(first.as_of, datetime.min.time())
    run = Run(project, site, folder / "extract", "native", folder, folder / "cases.duckdb", first.as_of, started_at, "a case")
    load(run)
    with connect(run.building) as con:
        build_facts(con, project.sql, run.values)
    return run


def site_of(rule: Rule, case: Case) -> Site:
    """Return a site that has chosen a case's parameters, the rule's own and those of facts."""
    values = case.content.get("parameters", {})
    chosen = {name: Choice(value=value, chosen_by="the case", why="case") for name, value in values.items()}
    own = {name: choice for name, choice in chosen.items() if name in rule.parameters}
    return Site(name="cases", rules={rule.rule_id: own}, facts={n: choice for n, choice in chosen.items() if n not in own})


def write_extract(sql: Path, folder: Path, cases: list[Case]) -> None:
    """Write native CSV files with the rows of all cases, and an extract.json with their watermarks."""
    folder.mkdir(parents=True)
    first = cases[0]
    delivered = [feed for feed in FEEDS if feed not in first.content.get("absent", [])]
    for feed in delivered:
        contract = SqlFile(sql / "extracts" / f"{feed}.sql")
        rows = [row for case in cases for row in case_rows(case, feed, next(iter(contract.column_comments)))]
        columns = list(dict.fromkeys([*contract.required_columns, *(name for row in rows for name in row)]))
        with (folder / f"{feed}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
    covers = {**dict.fromkeys(delivered, first.as_of), **first.content.get("covers", {})}
    info = {"extracted_at": first.as_of, "mode": "snapshot", "covers": covers}
    (folder / "extract.json").write_text(json.dumps(info, default=str), encoding="utf-8")


def case_rows(case: Case, feed: str, key: str) -> list[dict[str, Any]]:
    """Return a case's rows of one feed, with its patient and row ids filled in."""
    if feed == "patients":
        return [{"patient_id": case.patient_id, **PATIENT, **case.content.get("patient", {})}]
    own = f"{case.patient_id}-{PREFIX[feed]}"
    return [{key: f"{own}{n}", "patient_id": case.patient_id, **row} for n, row in enumerate(case.content[feed], start=1)]


def _check(path: Path, entry: dict[str, Any]) -> None:
    name = entry.get("name", "without a name")
    if odd := sorted(set(entry) - CASE_KEYS):
        raise NightroundsError(
            f"{path}: the case {name!r} has an unknown key {odd[0]!r}.", f"Known keys: {', '.join(sorted(CASE_KEYS))}."
        )
    if "name" not in entry or not isinstance(entry.get("expect"), list):
        raise NightroundsError(
            f"{path}: the case {name!r} lacks a name or a list of what it expects.", "Add name and expect = [...]."
        )
    for wanted in entry["expect"]:
        if odd := sorted(set(wanted) - EXPECT_KEYS) or ([] if "outcome" in wanted else ["outcome"]):
            raise NightroundsError(
                f"{path}: the case {name!r} expects {odd[0]!r} wrongly.",
                f"Use {', '.join(sorted(EXPECT_KEYS))}; outcome always.",
            )
