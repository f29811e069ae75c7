"""The SQL layers: files of one sub-layer can be built in any order, and every table says what it holds.

The sample delivery is audited twice, once with the files of every sub-layer in reverse, and all tables must agree.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from nightrounds import sqlfiles
from nightrounds.extracts import load
from nightrounds.files import read_info
from nightrounds.pipeline import apply, build
from nightrounds.project import find_project
from nightrounds.publish import publish
from nightrounds.run import Run, new_run
from nightrounds.site import Site
from nightrounds.sqlfiles import SqlFile

ROOT = Path(__file__).parents[1]
SCHEMAS = ("clean", "facts", "audit", "mart")
# How long a rule took is no result.
MEASURED = {"seconds", "settings_seconds"}
Tables = dict[str, list[str]]


def audit_into(run: Run) -> None:
    """Take the steps that build tables; the gate and the pages build none."""
    run.out.mkdir(parents=True)
    for step in (load, build, apply, publish):
        step(run)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Two audits of the sample delivery, attached as `forward` and `reverse`."""
    out = tmp_path_factory.mktemp("layers")
    project = find_project(ROOT)
    extract = project.samples / "native"
    run = new_run(project, Site(), extract, out=out / "forward", as_of=read_info(extract).extracted_on)
    mirrored = replace(run, out=out / "reverse", warehouse=out / "reverse" / run.warehouse.name)
    audit_into(run)
    as_named = sqlfiles.sql_files
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlfiles, "sql_files", lambda folder: as_named(folder)[::-1])
        audit_into(mirrored)
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{run.building}' AS forward (READ_ONLY)")
        con.execute(f"ATTACH '{mirrored.building}' AS reverse (READ_ONLY)")
        yield con


def tables(con: duckdb.DuckDBPyConnection, database: str) -> Tables:
    """Schema-qualified tables of the layers -> their columns."""
    query = (
        "SELECT schema_name || '.' || table_name, list(column_name ORDER BY column_index) FROM duckdb_columns() "
        "WHERE database_name = ? AND list_contains(?, schema_name) GROUP BY ALL ORDER BY ALL"
    )
    return dict(con.execute(query, [database, SCHEMAS]).fetchall())


def test_the_order_of_files_inside_a_layer_does_not_matter(both: duckdb.DuckDBPyConnection) -> None:
    forward, reverse = tables(both, "forward"), tables(both, "reverse")
    assert forward == reverse
    assert len(forward) > 40
    for table, columns in forward.items():
        chosen = ", ".join(f'"{c}"' for c in columns if c not in MEASURED)
        sides = [f"SELECT {chosen} FROM {database}.{table}" for database in ("forward", "reverse")]
        for one, other in (sides, sides[::-1]):
            assert both.execute(f"SELECT count(*) FROM ({one} EXCEPT ALL {other})").fetchall() == [(0,)], table


def test_the_sample_delivery_reaches_every_layer(both: duckdb.DuckDBPyConnection) -> None:
    filled = ("clean.people", "facts.exposures", "facts.labs", "audit.results", "audit.findings", "mart.worklist")
    for table in filled:
        assert both.execute(f"SELECT count(*) > 0 FROM forward.{table}").fetchall() == [(True,)], table


@pytest.mark.parametrize("schema", ["clean", "facts", "audit", "marts"])
def test_every_table_and_column_says_what_it_holds(both: duckdb.DuckDBPyConnection, schema: str) -> None:
    built = tables(both, "forward")
    for path in sorted((ROOT / "sql" / schema).rglob("*.sql")):
        file = SqlFile(path)
        assert file.comment, f"{path} does not say what one row is"
        columns = built[f"{'mart' if schema == 'marts' else schema}.{file.table}"]
        assert list(file.column_comments) == columns, f"{path}: the columns of its header are not those of its table"
        assert all(file.column_comments.values()), path
