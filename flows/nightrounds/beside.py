"""A database beside the warehouse, in memory: a place to build facts again with other parameters, for the patients concerned."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from nightrounds.database import identifier
from nightrounds.parameters import PARAMETER, Behind
from nightrounds.rulechecks import INGREDIENTS
from nightrounds.rules import Rule
from nightrounds.run import Run
from nightrounds.sqlfiles import SqlFile, layers
from nightrounds.warehouse import create_macros


@contextmanager
def beside(con: duckdb.DuckDBPyConnection, run: Run) -> Iterator[str]:
    """Work in a database in memory, with the project's macros; gives the name of the one that was worked in."""
    home = identifier(str(con.execute("SELECT current_database()").fetchall()[0][0]))
    con.execute("ATTACH ':memory:' AS trial; USE trial")
    try:
        create_macros(con, run.project.sql / "macros")
        yield home
    finally:
        con.execute(f"USE {home}; DETACH trial")


def varied_files(run: Run, rule: Rule, names: set[str]) -> list[SqlFile]:
    """Return, in the order of their layers, the files behind the rule that the varied parameters change."""
    behind, changed, found = Behind(run.project.sql), set[str](), []
    needed = behind.tables(rule.sql.tables)
    for schema in ("clean", "facts"):
        for file in (file for layer in layers(run.project.sql / schema) for file in layer):
            table = f"{schema}.{file.table}"
            bound = set(PARAMETER.findall(behind.files[table]))
            if table in needed and (bound & names or behind.reads(table) & changed):
                changed.add(table)
                found.append(file)
    return found


def copy_inputs(con: duckdb.DuckDBPyConnection, home: str, rule: Rule, files: list[SqlFile]) -> None:
    """Copy what the files read and do not make: of the patients who had one of the drugs, and of no other drug; or all."""
    drugs = rule.sensitivity.get(INGREDIENTS, [])
    drugged = " UNION ".join(
        f"SELECT patient_id FROM {home}.facts.{table} WHERE list_contains($drugs, ingredient)"
        for table in ("prescriptions", "administrations")
    )
    con.execute(f"CREATE TABLE patients AS {drugged}", {"drugs": drugs})
    made = {f"{file.path.parents[1].name}.{file.table}" for file in files}
    for table in sorted(set[str]().union(*map(Behind.read_by, files)) - made):
        columns = {c for c, *_ in con.execute(f"DESCRIBE {home}.{table}").fetchall()} if drugs else set[str]()
        owned = "SEMI JOIN patients USING (patient_id)" if "patient_id" in columns else ""
        of_drugs = "WHERE list_contains($drugs, ingredient)" if columns >= {"patient_id", "ingredient"} else ""
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {table.split('.')[0]}")
        con.execute(f"CREATE TABLE {table} AS FROM {home}.{table} {owned} {of_drugs}", {"drugs": drugs} if of_drugs else None)
