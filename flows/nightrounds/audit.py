"""Apply: let every rule decide its units, then give each unit one outcome in `audit.results`."""

import string
import time
from collections.abc import Callable, Sequence
from datetime import date

import duckdb

from nightrounds.coverage import missed_floors
from nightrounds.database import identifier, text_literal
from nightrounds.errors import NightroundsError
from nightrounds.registry import Registry
from nightrounds.rules import Rule
from nightrounds.run import Run
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
    """Run the rules on the facts of an open database.

    A rule whose needed feed is absent, or holds less than the rule asks of it, is registered as not run.
    """
    con.execute(DECIDED)
    for record in ("rules", "parameters", "coverage"):
        con.execute(f"DELETE FROM audit.{record}")
    registry = Registry(con, run.project, run.site)
    for rule in (r for r in rules if r.about["status"] != "retired"):
        say(rule.rule_id)
        why_not = " ".join(absent_feeds(con, rule) or missed_floors(con, rule, run.project.sql / "quality", run.values)) or None
        horizon = horizon_of(con, rule, run.as_of)
        started = time.perf_counter()
        if why_not is None:
            decide(con, rule, {**run.values, **rule.values(run.site), "horizon": horizon, "as_of": run.as_of})
        registry.register(rule, why_not, horizon, time.perf_counter() - started)
    for file in layers(run.project.sql / "audit")[0]:
        build_table(con, "audit", file, run.values)


def absent_feeds(con: duckdb.DuckDBPyConnection, rule: Rule) -> list[str]:
    """Return a sentence for each feed that the rule needs and the extract does not have, or not in a state to be read."""
    present = {feed for (feed,) in con.execute("SELECT feed FROM facts.feeds WHERE present").fetchall()}
    refused = dict(
        con.execute("SELECT feed, string_agg(reason, ' ' ORDER BY reason) FROM audit.refused GROUP BY feed").fetchall()
    )
    return [
        f"The feed {feed} cannot be used: {refused[feed]}" if feed in refused else f"The feed {feed} was not delivered."
        for feed in rule.needs
        if feed not in present
    ]


def horizon_of(con: duckdb.DuckDBPyConnection, rule: Rule, as_of: date) -> date:
    """Return the day after which nothing is judged: the earliest of as_of and the watermarks of the needed feeds."""
    query = "SELECT min(watermark) FROM facts.feeds WHERE list_contains(?, feed)"
    earliest: date | None = con.execute(query, [rule.needs]).fetchall()[0][0]
    return min(as_of, earliest) if earliest else as_of


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
