"""Apply: let every rule decide its units, then give each unit one outcome in `audit.results`."""

import string
import time
from collections.abc import Callable, Sequence
from datetime import date

import duckdb

from nightrounds.coverage import absent_feeds, feeds_of, horizon_of, missed_floors
from nightrounds.database import identifier, text_literal
from nightrounds.errors import NightroundsError
from nightrounds.registry import Registry
from nightrounds.rules import Rule
from nightrounds.run import Run
from nightrounds.sides import side_by_side
from nightrounds.sqlfiles import layers
from nightrounds.warehouse import build_table

Say = Callable[[str], None]
OUTCOMES = ("finding", "clear", "excluded", "not_evaluable", "pending")
# What every rule.sql returns; any other column is evidence.
STANDARD = ("unit_id", "patient_id", "index_date", "outcome", "severity", "reason", "active_until", "sources")
# What it may return besides: the first day on which the unit could be judged; the days to act count from it.
JUDGED_FROM = "judged_from"
DECIDED = """
    CREATE OR REPLACE TABLE audit.decided (
        rule_id VARCHAR, unit_id VARCHAR, patient_id VARCHAR, index_date DATE, outcome VARCHAR, severity VARCHAR,
        reason VARCHAR, active_until DATE, judged_from DATE, sources STRUCT(feed VARCHAR, row_id VARCHAR)[],
        evidence VARCHAR, message VARCHAR
    )
"""


def apply_rules(con: duckdb.DuckDBPyConnection, run: Run, rules: Sequence[Rule], say: Say = lambda _: None) -> None:
    """Run the rules on the facts of an open database, side by side: none reads what another writes.

    A rule whose needed feed is absent, or holds less than the rule asks of it, is registered as not run.
    """
    con.execute(DECIDED)
    con.execute("DELETE FROM audit.coverage")
    feeds, values = feeds_of(con), run.values
    used = [rule for rule in rules if rule.about["status"] != "retired"]

    def judge(own: duckdb.DuckDBPyConnection, rule: Rule) -> tuple[str | None, date, float]:
        say(rule.rule_id)
        started, horizon = time.perf_counter(), horizon_of(feeds, rule, run.as_of)
        missing = absent_feeds(feeds, rule) or missed_floors(own, rule, run.project.sql / "quality", values)
        if not missing:
            decide(own, rule, {**values, **rule.values(run.site), "horizon": horizon, "as_of": run.as_of})
        return " ".join(missing) or None, horizon, time.perf_counter() - started

    registry = Registry(run.project, run.site)
    for rule, judged in zip(used, side_by_side(con, judge, used), strict=True):
        registry.note(rule, *judged)
    registry.write(con)
    for file in layers(run.project.sql / "audit")[0]:
        build_table(con, "audit", file, values)


def decide(con: duckdb.DuckDBPyConnection, rule: Rule, values: dict[str, object]) -> None:
    """Add the rule's units to `audit.decided`. Raises NightroundsError when the rule breaks its contract."""
    bound = {name: values[name] for name in rule.sql.parameters}
    con.execute(f"CREATE OR REPLACE TEMP TABLE units AS {rule.sql.text}", bound or None)
    columns = [str(name) for name, *_ in con.execute("DESCRIBE units").fetchall()]
    _check_columns(rule, columns)
    evidence = ", ".join(f"{text_literal(c)}: {identifier(c)}" for c in columns if c not in (*STANDARD, JUDGED_FROM))
    judged_from = JUDGED_FROM if JUDGED_FROM in columns else "NULL"
    con.execute(
        f"""
        INSERT INTO audit.decided
        SELECT {text_literal(rule.rule_id)}, unit_id, patient_id, index_date, outcome, severity, reason, active_until,
               {judged_from}, list_sort(list_distinct(sources)),
               {f"to_json({{{evidence}}})" if evidence else "'{}'"}, CASE WHEN outcome = 'finding' THEN {message_sql(rule)} END
        FROM units
        """
    )
    _check_units(con, rule)


def message_sql(rule: Rule) -> str:
    """Turn the message of rule.toml into an SQL expression that fills its placeholders from columns."""
    parts: list[str] = []
    for literal, name, _, _ in string.Formatter().parse(rule.about["message"]):
        parts += [text_literal(literal)] if literal else []
        parts += [f"spoken({identifier(name)})"] if name else []
    return f"concat({', '.join(parts)})"


def _check_columns(rule: Rule, columns: list[str]) -> None:
    for name in (*STANDARD, *rule.placeholders, *rule.distribution):
        if name not in columns:
            raise NightroundsError(
                f"{rule.sql.path} returns no column {name!r}.", "Add it; the message, the distribution or the engine needs it."
            )
    if odd := sorted({*STANDARD, JUDGED_FROM} & set(rule.distribution)):
        raise NightroundsError(f"{rule.folder / 'rule.toml'} counts the values of {odd[0]}.", "Name columns of evidence only.")


def _check_units(con: duckdb.DuckDBPyConnection, rule: Rule) -> None:
    counts = con.execute(
        """
        SELECT count(*) - count(DISTINCT unit_id), count(*) FILTER (outcome IS NULL OR NOT list_contains(?, outcome)),
               count(*) FILTER (patient_id IS NULL OR index_date IS NULL OR (outcome = 'finding' AND severity IS NULL)),
               count(*) FILTER (outcome = 'finding' AND ?)
        FROM units
        """,
        [list(OUTCOMES), rule.descriptive],
    ).fetchall()[0]
    told = (
        ("returns a unit twice", "Return one row per unit_id."),
        ("returns an outcome outside the five", f"Use {', '.join(OUTCOMES)}."),
        ("returns a unit without patient or index date, or a finding without severity", "Fill them."),
        ("returns a finding, and the rule is descriptive", "Return clear units, or change the kind in rule.toml."),
    )
    for count, (what, remedy) in zip(counts, told, strict=True):
        if count:
            raise NightroundsError(f"{rule.sql.path} {what} ({count} times).", remedy)
