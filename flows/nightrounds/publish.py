"""Publish: findings with their life, marts, and the analysts' database with every table and column described."""

import json
import platform
import shutil
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import duckdb

from nightrounds import __version__
from nightrounds.charts import draw_charts
from nightrounds.database import connect, identifier, text_literal
from nightrounds.documentation import comment_on, list_tables
from nightrounds.errors import NightroundsError
from nightrounds.guideline import register_guideline
from nightrounds.previous import attach_previous, has_previous
from nightrounds.run import Run
from nightrounds.sqlfiles import layers
from nightrounds.warehouse import build_schema, build_table

Say = Callable[[str], None]
# Schemas of the analysts' database, and tables that are the engine's own.
PUBLISHED = ("facts", "audit", "mart")
INTERNAL = (
    "decided", "previous_findings", "previous_feeds", "previous_publication", "previous_publication_cell", "previous_settings"
)  # fmt: skip
# Tables of the last run that this one is compared with: the name they get -> schema and name in the last warehouse.
RECALLED = {
    "previous_findings": ("audit", "findings"),
    "previous_publication": ("mart", "publication"),
    "previous_publication_cell": ("mart", "publication_cell"),
    "previous_settings": ("mart", "public_rule_sensitivity"),
}
PACKAGES = ("duckdb", "polars", "pyarrow", "great-expectations", "jinja2", "prefect")
DATABASE = "nightrounds.duckdb"


def publish(run: Run, say: Say = lambda _: None) -> None:
    """Build `audit.findings`, `audit.evidence` and `mart.*`, then write the analysts' database and the manifest."""
    run.folder.mkdir(parents=True, exist_ok=True)
    with connect(run.building, threads=run.site.threads, memory_limit=run.site.memory_limit) as con:
        attach_previous(con, run.warehouse)
        recall(con)
        record_run(con, run)
        record_annotations(con, run)
        record_groups(con, run)
        record_versions(con, run)
        register_guideline(con, run.project.rules)
        for layer in layers(run.project.sql / "audit")[1:]:
            for file in layer:
                say(f"audit.{file.table}")
                build_table(con, "audit", file, run.values)
        build_schema(con, run.project.sql / "marts", run.values, say=say)
        draw_charts(con, run)
        con.execute("DETACH previous")
        list_tables(con, run.project.sql, PUBLISHED, INTERNAL)
        write_database(con, run.folder / DATABASE)
        write_manifest(con, run)


def recall(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `audit.previous_*` with what the last run published, if there was one. `previous` is attached."""
    for table, (schema, source) in RECALLED.items():
        if has_previous(con, schema, source):
            con.execute(f"INSERT INTO audit.{table} BY NAME FROM previous.{schema}.{source}")


def code_version(root: Path) -> str:
    """Return the version of the code: the package's, with the commit when the project is a git checkout."""
    git = shutil.which("git")
    if not git or not (root / ".git").exists():
        return __version__
    done = subprocess.run(  # noqa: S603 - git's own path and ours
        [git, "-C", str(root), "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False
    )
    return f"{__version__}+{done.stdout.strip()}" if done.returncode == 0 else __version__


def record_run(con: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Write the one row of `audit.runs`."""
    row = [run.run_id, run.as_of, run.started_at, run.source, run.extract.name, code_version(run.project.root)]
    row += [run.site.name, run.site.disclosure, run.accept_gate, run.site.daily_cap]
    con.execute(f"INSERT INTO audit.runs VALUES ({', '.join('?' * len(row))})", row)


def record_annotations(con: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Write what the site remarks at days of the charts."""
    for remark in run.site.annotations:
        con.execute("INSERT INTO audit.annotations VALUES (?, ?, ?)", [remark.rule, remark.day, remark.text])


def record_groups(con: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Write the prescribers' groups from the file that the site names. Raises NightroundsError when it cannot be read."""
    if not (path := run.site.prescriber_groups):
        return
    try:
        con.execute(
            'INSERT INTO audit.prescriber_groups SELECT prescriber_id, any_value("group") FROM read_csv(?, all_varchar = true) '
            'WHERE prescriber_id IS NOT NULL AND "group" IS NOT NULL GROUP BY prescriber_id',
            [str(path)],
        )
    except duckdb.Error:
        raise NightroundsError(
            f"The prescriber groups {path} cannot be read.", "Give a CSV file with the columns prescriber_id and group."
        ) from None


def record_versions(con: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Write since when each version of a rule is used: what earlier runs noted, and what is new tonight."""
    if has_previous(con, "audit", "rule_versions"):
        con.execute("INSERT INTO audit.rule_versions BY NAME FROM previous.audit.rule_versions")
    con.execute(
        "INSERT INTO audit.rule_versions SELECT rule_id, version, ?, ? FROM audit.rules "
        "ANTI JOIN audit.rule_versions USING (rule_id, version)",
        [run.run_id, run.as_of],
    )


def write_database(con: duckdb.DuckDBPyConnection, target: Path) -> None:
    """Copy the published schemas, with comments, to a file that DuckDB 1.5 tools open too; mode 0640."""
    con.execute(f"ATTACH {text_literal(str(target))} AS published (STORAGE_VERSION 'v1.5.0')")
    # One transaction: a hundred tables and a thousand comments would otherwise wait for the disk one by one.
    con.execute("BEGIN")
    for schema in (*PUBLISHED, "docs"):
        con.execute(f"CREATE SCHEMA published.{schema}")
    tables = con.execute("SELECT schema_name, table_name FROM docs.tables").fetchall()
    for schema, table in [*tables, ("docs", "tables"), ("docs", "columns")]:
        name = f"{schema}.{identifier(table)}"
        con.execute(f"CREATE TABLE published.{name} AS FROM {name}")
    comment_on(con, "published")
    con.execute("COMMIT")
    con.execute("DETACH published")
    target.chmod(0o640)


def write_manifest(con: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Write manifest.json: inputs by hash, rules and parameters, versions and outcome counts. No patient, no value."""
    content = {
        "run": _records(con, "SELECT * FROM audit.runs")[0],
        "inputs": _records(con, "SELECT * EXCLUDE (batch_id, run_id) FROM audit.batches ORDER BY feed, file"),
        "lookups": _records(con, "SELECT * EXCLUDE (run_id) FROM audit.lookups ORDER BY file, looked_up"),
        "feeds": _records(con, "SELECT * FROM extracts.feeds ORDER BY feed"),
        "rules": _records(
            con,
            "SELECT rule_id, pack, companion, version, run_status, not_run_reason, horizon, seconds, settings_seconds "
            "FROM audit.rules ORDER BY rule_id",
        ),
        "parameters": _records(con, "SELECT rule_id, name, default_value, value, chosen_by FROM audit.parameters ORDER BY ALL"),
        "outcomes": _records(con, "SELECT rule_id, outcome, count(*) AS units FROM audit.results GROUP BY ALL ORDER BY ALL"),
        "packages": {
            "python": platform.python_version(),
            "nightrounds": __version__,
            **{name: version(name) for name in PACKAGES},
        },
    }
    (run.folder / "manifest.json").write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")


def _records(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, object]]:
    result = con.execute(query)
    names = [name for name, *_ in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
