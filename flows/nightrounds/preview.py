"""Preview: a rule as it stands now, run on the data of the last run, and how its findings would differ.

Nothing is written: the warehouse is opened read-only beside a database in memory, which holds views of it and the results.
"""

from dataclasses import dataclass

import duckdb

from nightrounds.audit import apply_rules
from nightrounds.database import connect, identifier
from nightrounds.errors import NightroundsError
from nightrounds.previous import attach_previous, has_previous
from nightrounds.rules import Rule
from nightrounds.run import Run, new_run
from nightrounds.warehouse import create_macros, create_records, create_schemas

# Schemas that rules read, and the figures that they ask for.
READ = ("staging", "clean", "facts")
CHANGES = """
    SELECT
        CASE
            WHEN o.outcome IS DISTINCT FROM 'finding' AND n.outcome = 'finding' THEN 'enters'
            WHEN o.outcome = 'finding' AND n.outcome IS DISTINCT FROM 'finding' THEN 'leaves'
            WHEN o.outcome = 'finding' AND o.severity <> n.severity THEN 'changes'
        END AS change,
        coalesce(n.patient_id, o.patient_id), coalesce(n.index_date, o.index_date),
        coalesce(concat_ws(' ', o.outcome, o.severity), 'no unit'), coalesce(concat_ws(' ', n.outcome, n.severity), 'no unit'),
        coalesce(n.message, n.reason, '')
    FROM (FROM previous.audit.results WHERE rule_id = $rule_id) AS o
    FULL JOIN (FROM audit.results WHERE rule_id = $rule_id) AS n USING (unit_id)
    WHERE change IS NOT NULL
    ORDER BY
        list_position(['enters', 'leaves', 'changes'], change),
        list_position(['critical', 'high', 'moderate', 'low', 'info'], coalesce(n.severity, o.severity)),
        3, 2, unit_id
"""
# Parameters of the rule, and those of the facts that it rests on, whose values differ from the last run's.
PARAMETERS = """
    SELECT n.name, o.value, n.value, n.rule_id IS NULL
    FROM audit.parameters AS n
    JOIN previous.audit.parameters AS o ON n.name = o.name AND n.rule_id IS NOT DISTINCT FROM o.rule_id
    CROSS JOIN audit.rules AS r
    WHERE n.value <> o.value AND (n.rule_id = r.rule_id OR (n.rule_id IS NULL AND list_contains(r.shared_parameters, n.name)))
    ORDER BY n.name
"""
OUTCOMES = """
    SELECT outcome, count(*) FILTER (is_new = 0), count(*) FILTER (is_new = 1)
    FROM (
        SELECT outcome, 0 AS is_new FROM previous.audit.results WHERE rule_id = $rule_id
        UNION ALL
        SELECT outcome, 1 FROM audit.results WHERE rule_id = $rule_id
    )
    GROUP BY outcome
    ORDER BY list_position(['finding', 'clear', 'excluded', 'not_evaluable', 'pending'], outcome)
"""


@dataclass(frozen=True)
class Change:
    """One finding that comes, goes or changes severity, with its outcome before and after and what would be said of it."""

    kind: str
    patient_id: str
    index_date: object
    before: str
    after: str
    said: str


@dataclass(frozen=True)
class Preview:
    """Units by outcome before and after, and every change; `not_run` says why the rule could not be run.

    `parameters`: name, value in the last run, value now, and whether it is one of the facts, which stand as they were built.
    """

    version_before: str | None
    outcomes: list[tuple[str, int, int]]
    changes: list[Change]
    parameters: list[tuple[str, str, str, bool]]
    not_run: str | None


def preview(run: Run, rule: Rule) -> Preview:
    """Run a rule on the last warehouse of `run`, and compare. Raises NightroundsError when there is none."""
    if not run.warehouse.exists():
        raise NightroundsError(f"There is no warehouse {run.warehouse}.", "Run an audit first, or say where it is with --out.")
    with connect(threads=run.site.threads, memory_limit=run.site.memory_limit) as con:
        attach_previous(con, run.warehouse)
        if not has_previous(con, "audit", "results"):
            raise NightroundsError(f"The warehouse {run.warehouse} holds no results.", "Let an audit run to its end first.")
        _mirror(con, run)
        as_of = con.execute("SELECT max(as_of) FROM previous.audit.runs").fetchall()[0][0]
        known = {"rule_id": rule.rule_id}
        apply_rules(con, new_run(run.project, run.site, run.extract, out=run.out, as_of=as_of), [rule])
        not_run = con.execute("SELECT not_run_reason FROM audit.rules").fetchall()[0][0]
        version = con.execute("SELECT version FROM previous.audit.rules WHERE rule_id = $rule_id", known).fetchall()
        changes = [] if not_run else [Change(*row) for row in con.execute(CHANGES, known).fetchall()]
        outcomes, parameters = con.execute(OUTCOMES, known).fetchall(), con.execute(PARAMETERS).fetchall()
        return Preview(version[0][0] if version else None, outcomes, changes, parameters, not_run)


def _mirror(con: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Show what rules and figures read, as the attached warehouse holds it, under its own name; what rules write is empty."""
    create_schemas(con)
    create_macros(con, run.project.sql / "macros")
    create_records(con, run.project.sql / "records")
    found = "SELECT schema_name, {0}_name FROM duckdb_{0}s() WHERE database_name = 'previous' AND list_contains(?, schema_name)"
    for kind in ("table", "view"):
        for schema, name in con.execute(found.format(kind), [list(READ)]).fetchall():
            con.execute(f"CREATE VIEW {schema}.{identifier(name)} AS FROM previous.{schema}.{identifier(name)}")
    con.execute("INSERT INTO audit.refused BY NAME FROM previous.audit.refused")
