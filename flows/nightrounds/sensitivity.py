"""Sensitivity: what a rule would find if its parameters had other values, as its rule.toml asks under [sensitivity].

A database in memory is put beside the warehouse. It holds what the rule reads, of the patients it can concern; facts that
bind a varied parameter are built there again from the same files, and the rule is run on them once for all values of its own
parameters: they become columns of a table of settings, beside which its SELECT stands. Nothing else is touched.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, product

import duckdb

from nightrounds.audit import DECIDED, OUTCOMES
from nightrounds.beside import beside, copy_inputs, varied_files
from nightrounds.rulechecks import INGREDIENTS
from nightrounds.rules import Rule
from nightrounds.run import Run
from nightrounds.sqlfiles import SqlFile, Value
from nightrounds.warehouse import build_table

Say = Callable[[str], None]
TRIED = """
    INSERT INTO {home}.audit.sensitivity
    SELECT $rule_id, s.setting, $names[1], s.shown[1], $names[2], s.shown[2], s.in_force, o.outcome,
           count(r.unit_id), count(DISTINCT r.patient_id)
    FROM settings AS s
    CROSS JOIN (SELECT unnest($outcomes) AS outcome) AS o
    LEFT JOIN audit.results AS r ON r.rule_id = CAST(s.setting AS VARCHAR) AND r.outcome = o.outcome
    GROUP BY ALL
"""


@dataclass(frozen=True)
class Setting:
    """Values of the varied parameters. `shared` are those of the facts."""

    number: int
    values: Mapping[str, Value]
    shared: tuple[tuple[str, Value], ...]
    in_force: bool


def try_settings(con: duckdb.DuckDBPyConnection, run: Run, rules: Sequence[Rule], say: Say = lambda _: None) -> None:
    """Fill `audit.sensitivity` for every rule that asks for it and was run."""
    ran = {rule for (rule,) in con.execute("SELECT rule_id FROM audit.rules WHERE run_status = 'run'").fetchall()}
    for rule in (rule for rule in rules if rule.sensitivity and rule.rule_id in ran):
        started = time.perf_counter()
        say(f"{rule.rule_id}: other settings")
        with beside(con, run) as home:
            _try_rule(con, run, rule, home)
        seconds = round(time.perf_counter() - started, 3)
        con.execute("UPDATE audit.rules SET settings_seconds = ? WHERE rule_id = ?", [seconds, rule.rule_id])


def settings(rule: Rule, values: Mapping[str, Value], shared: set[str]) -> list[Setting]:
    """Return every combination of the values asked for and the ones in force, row by row."""
    varied = {name: asked for name, asked in rule.sensitivity.items() if name != INGREDIENTS}
    choices = [sorted({*asked, values[name]}, key=lambda v: (str(type(v)), v)) for name, asked in varied.items()]
    found = []
    for number, combination in enumerate(product(*choices)):
        chosen = dict(zip(varied, combination, strict=True))
        of_facts = tuple((name, value) for name, value in chosen.items() if name in shared)
        found.append(Setting(number, chosen, of_facts, all(values[name] == value for name, value in chosen.items())))
    return found


def _try_rule(con: duckdb.DuckDBPyConnection, run: Run, rule: Rule, home: str) -> None:
    in_force = {**run.values, **rule.values(run.site), "as_of": run.as_of}
    tried = settings(rule, in_force, set(run.values) - set(rule.parameters))
    ending = SqlFile(run.project.sql / "audit" / "results.sql")
    built = varied_files(run, rule, {name for name, _ in tried[0].shared})
    copy_inputs(con, home, rule, [rule.sql, ending, *built])
    _describe(con, home, rule, tried)
    horizon = con.execute("SELECT any_value(horizon) FROM audit.rules").fetchall()[0][0]
    for shared, group in groupby(sorted(tried, key=lambda s: str(s.shared)), key=lambda s: s.shared):
        values = {**in_force, **dict(shared), "horizon": horizon}
        for file in built:
            build_table(con, file.path.parents[1].name, file, values)
        _decide(con, rule, list(group), values)
    build_table(con, "audit", ending, in_force)
    names = [*tried[0].values]
    con.execute(TRIED.format(home=home), {"rule_id": rule.rule_id, "names": names, "outcomes": list(OUTCOMES)})


def _decide(con: duckdb.DuckDBPyConnection, rule: Rule, tried: list[Setting], values: Mapping[str, Value]) -> None:
    """Add every unit under every setting to `audit.decided`, with the number of the setting in the place of the rule."""
    own = {name: [s.values[name] for s in tried] for name in tried[0].values if name in rule.parameters}
    # A bound number is an INTEGER, which can be added to a date; a list of them is of BIGINT, which cannot.
    casts = {name: "::INTEGER[]" if type(column[0]) is int else "" for name, column in own.items()}
    columns = ["unnest($numbers) AS setting", *(f"unnest($all_{name}{casts[name]}) AS {name}" for name in own)]
    text = re.sub(r"\$(\w+)", lambda found: f"tried.{found[1]}" if found[1] in own else found[0], rule.sql.text)
    bound = {name: values[name] for name in rule.sql.parameters - own.keys()}
    con.execute(
        f"""
        INSERT INTO audit.decided BY NAME
        SELECT CAST(tried.setting AS VARCHAR) AS rule_id, u.unit_id, u.patient_id, u.index_date, u.outcome, u.severity, u.reason
        FROM (SELECT {", ".join(columns)}) AS tried, LATERAL ({text}) AS u
        """,
        {**bound, "numbers": [s.number for s in tried], **{f"all_{name}": column for name, column in own.items()}},
    )


def _describe(con: duckdb.DuckDBPyConnection, home: str, rule: Rule, tried: list[Setting]) -> None:
    """Register the rule once for each setting, under the setting's number."""
    con.execute("CREATE SCHEMA IF NOT EXISTS facts; CREATE SCHEMA audit")
    con.execute(DECIDED)
    con.execute("CREATE TABLE settings (setting INTEGER, shown VARCHAR[], in_force BOOLEAN)")
    rows = [[s.number, [str(value) for value in s.values.values()], s.in_force] for s in tried]
    con.execute("INSERT INTO settings SELECT unnest(?), unnest(?), unnest(?)", [list(c) for c in zip(*rows, strict=True)])
    con.execute(
        f"""
        CREATE TABLE audit.rules AS
        SELECT r.* REPLACE (CAST(s.setting AS VARCHAR) AS rule_id)
        FROM {home}.audit.rules AS r CROSS JOIN settings AS s WHERE r.rule_id = ?
        """,
        [rule.rule_id],
    )
