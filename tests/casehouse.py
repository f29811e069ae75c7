"""Facts of the cases of many rules, built once, on which a changed rule can be run again in a fraction of a second."""

import shutil
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from nightrounds.audit import DECIDED, apply_rules, decide
from nightrounds.cases import Case, facts_of_cases, read_cases, what_facts_see
from nightrounds.coverage import feeds_of, horizon_of
from nightrounds.database import connect, identifier
from nightrounds.errors import NightroundsError
from nightrounds.project import Project
from nightrounds.rules import Rule
from nightrounds.run import Run
from nightrounds.sqlfiles import SqlFile
from nightrounds.trials import compare
from nightrounds.warehouse import build_table

LONGEST = 20.0  # seconds that a mutant may take
# A statement that cannot be understood is no slip that could stand in a rule.
NOT_SQL = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)


@dataclass(frozen=True)
class Changed(Rule):
    """A rule with another text."""

    text: str = ""

    @cached_property
    def sql(self) -> SqlFile:
        """The changed SELECT."""
        file = SqlFile(self.folder / "rule.sql")
        file.__dict__["text"] = self.text  # fills the cache that the file would be read into
        return file


@dataclass(frozen=True)
class Room:
    """A warehouse with the facts of a rule's cases that agree on date and feeds, and those cases by what else they choose."""

    con: duckdb.DuckDBPyConnection
    run: Run
    file: Path
    groups: list[list[Case]]

    def close(self) -> None:
        """Take the warehouse away."""
        self.con.close()
        self.file.unlink()

    def notices(self, rule: Rule, values: dict[str, Any]) -> str | None:
        """Name the first case whose units are not as expected of a rule with such defaults; None when there is none."""
        for cases in self.groups:
            try:
                units = self.units(rule, cases[0], values)
            except NightroundsError as error:
                return str(error)
            for case in cases:
                if compare(case.content["expect"], units[case.patient_id]):
                    return case.name
        return None

    def units(self, rule: Rule, case: Case, values: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
        """Decide the rule's units by patient, with the parameters and the watermarks of a case; nothing is kept."""
        defaults = {name: entry["default"] for name, entry in rule.parameters.items()}
        chosen = {**defaults, **values, **case.content.get("parameters", {})}
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        with undone(self.con):
            for feed, day in case.content.get("covers", {}).items():
                self.con.execute("UPDATE facts.feeds SET watermark = ? WHERE feed = ?", [day, feed])
            days = {"horizon": horizon_of(feeds_of(self.con), rule, self.run.as_of), "as_of": self.run.as_of}
            self.con.execute(DECIDED)
            decide(self.con, rule, {**self.run.values, **chosen, **days})
            build_table(self.con, "audit", SqlFile(self.run.project.sql / "audit" / "results.sql"), self.run.values)
            reader = self.con.execute("SELECT * FROM audit.results ORDER BY patient_id, index_date, unit_id")
            names = [name for name, *_ in reader.description]
            for row in reader.fetchall():
                unit = dict(zip(names, row, strict=True))
                found[unit["patient_id"]].append(unit)
        return found


@contextmanager
def undone(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Roll back whatever is done inside, and interrupt it when it takes too long."""
    watch = threading.Timer(LONGEST, con.interrupt)
    con.execute("BEGIN")
    watch.start()
    try:
        yield
    except (*NOT_SQL, duckdb.InternalException, duckdb.FatalException):
        raise
    except duckdb.Error as error:
        raise NightroundsError(f"The statement does not come to an end ({error}).", "Look at the change.") from error
    finally:
        watch.cancel()
        con.execute("ROLLBACK")


class House:
    """Facts of the cases of some rules, built once for each date, set of feeds and choice of the facts' own parameters."""

    def __init__(self, project: Project, rules: Sequence[Rule], folder: Path) -> None:
        self.cases = {rule.rule_id: read_cases(rule) for rule in rules}
        together: dict[str, list[Case]] = defaultdict(list)
        for rule in rules:
            for case in self.cases[rule.rule_id]:
                shared = what_facts_see(rule, case)
                together[shared.group].append(shared)
        self.runs: dict[str, Run] = {}
        for number, (key, cases) in enumerate(together.items()):
            self.runs[key] = facts_of_cases(project, rules[0], cases, folder / str(number))

    def rooms(self, rule: Rule) -> Iterator[Room]:
        """Open the warehouses that hold cases of a rule, the fullest first, with nothing in them but its own patients."""
        cases: dict[str, list[Case]] = defaultdict(list)
        for case in self.cases[rule.rule_id]:
            cases[what_facts_see(rule, case).group].append(case)
        for key, own in sorted(cases.items(), key=lambda entry: -len(entry[1])):
            yield open_room(rule, self.runs[key], own)


def open_room(rule: Rule, run: Run, cases: list[Case]) -> Room:
    """Copy a warehouse, leave only the rule's own patients in the copy, and run the rule once."""
    copy = run.building.with_name(f"{rule.rule_id}.duckdb")
    shutil.copyfile(run.building, copy)
    con = connect(copy, threads=1)
    for schema, table in patient_tables(con):
        con.execute(f"DELETE FROM {schema}.{identifier(table)} WHERE NOT starts_with(patient_id, ?)", [f"{rule.rule_id}-"])
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.group].append(case)
    apply_rules(con, run, [rule])
    return Room(con, run, copy, sorted(groups.values(), key=len, reverse=True))


def patient_tables(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Schema and name of every table (no view) with a column patient_id."""
    query = """
        SELECT schema_name, table_name FROM duckdb_columns() SEMI JOIN duckdb_tables() USING (schema_name, table_name)
        WHERE column_name = 'patient_id'
    """
    return con.execute(query).fetchall()
