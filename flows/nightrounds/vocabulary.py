"""Widening the drug code lists: every product, brand and national drug code that a vocabulary knows of a listed ingredient.

A hospital that holds an OMOP vocabulary (CONCEPT and CONCEPT_ANCESTOR, CONCEPT_RELATIONSHIP when there) or an RxNorm release
(RXNCONSO and RXNREL, RXNSAT when there) turns it into code lists of its own; sql/vocabulary says how, in two SELECTs a kind.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from nightrounds.codelists import FAMILIES, load_codelists
from nightrounds.database import connect, identifier, path_literal, text_literal
from nightrounds.errors import NightroundsError
from nightrounds.project import Project, find_project
from nightrounds.site import load_site
from nightrounds.sqlfiles import SqlFile
from nightrounds.vocabularies import Kind, find_vocabulary
from nightrounds.warehouse import build_table, create_macros, create_schemas

COLUMNS = (
    "system", "code", "match", "term", "ingredient", "route_group", "product_class", "salt", "strength_mg", "per_ml",
    "strength_text", "level", "source", "checked",
)  # fmt: skip


def import_vocabulary(folder: Path, into: Path | None, site: Path | None, project: Path | None) -> None:
    """Write the code lists that a vocabulary adds to the project's, and say what each holds."""
    target = into or load_site(site).codelists
    if target is None:
        raise NightroundsError(
            "It is not said where the imported code lists go.",
            'Name a folder with --into, or in the site file with codelists = "/path".',
        )
    added = widen(find_project(project), folder, target)
    for name, codes in added.items():
        print(f"{codes:>7}  {name}")
    print(f"{sum(added.values())} codes that the lists lacked are in {target}.")
    print(f'A run uses them when its site file says codelists = "{target.resolve()}".')


def widen(project: Project, folder: Path, target: Path) -> dict[str, int]:
    """Write `drug_<list>.csv` into `target` for every list that the vocabulary in `folder` widens.

    Returns the number of codes a file. Files of an earlier import are replaced. Raises NightroundsError when the folder holds
    no vocabulary, when it knows none of the ingredients, or when a file in `target` was written by hand.
    """
    kind, files = find_vocabulary(folder)
    with connect() as con:
        create_schemas(con)
        con.execute("CREATE SCHEMA vocabulary")
        create_macros(con, project.sql / "macros")
        load_codelists(con, project.rules / "codelists")
        _open_tables(con, folder, kind, files)
        build_table(con, "vocabulary", SqlFile(project.sql / "vocabulary" / kind.name / "members.sql"), {})
        if not con.execute("SELECT count(*) FROM vocabulary.members").fetchall()[0][0]:
            raise NightroundsError(
                f"The vocabulary in {folder} knows none of the ingredients of the drug code lists.",
                "Check that it holds RxNorm, whole.",
            )
        version = {"version": _version(con, kind, files)}
        build_table(con, "vocabulary", SqlFile(project.sql / "vocabulary" / "drugs.sql"), version)
        return _write(con, target)


def _open_tables(con: duckdb.DuckDBPyConnection, folder: Path, kind: Kind, files: Mapping[str, Path]) -> None:
    """Make a view `raw.<table>` of every file, an empty one of a table that is absent."""
    for table, columns in kind.tables.items():
        nothing = ", ".join(f"CAST(NULL AS VARCHAR) AS {identifier(name)}" for name in columns.split())
        text = kind.read(files[table], columns) if table in files else f"SELECT {nothing} WHERE FALSE"
        con.execute(f"CREATE VIEW raw.{identifier(table)} AS {text}")
        if table in kind.needed and not con.execute(f"SELECT 1 FROM raw.{identifier(table)} LIMIT 1").fetchall():
            state = "is empty" if table in files else "is not there"
            raise NightroundsError(
                f"The vocabulary in {folder} cannot be used: {table.upper()}, which says {kind.needed[table]}, {state}.",
                "Extracts often carry the vocabulary in part: give the folder of the whole one.",
            )


def _version(con: duckdb.DuckDBPyConnection, kind: Kind, files: Mapping[str, Path]) -> str:
    """Name the vocabulary and its version as it does itself, else by the day its file was written."""
    stated: str | None = con.execute(kind.version).fetchall()[0][0]
    first = files[next(iter(kind.needed))]
    written = datetime.fromtimestamp(first.stat().st_mtime, UTC).date()
    return stated or f"{kind.name} vocabulary, {first.name} of {written}"


def _write(con: duckdb.DuckDBPyConnection, target: Path) -> dict[str, int]:
    target.mkdir(parents=True, exist_ok=True)
    lists = con.execute("SELECT list, count(*) FROM vocabulary.drugs GROUP BY list ORDER BY list").fetchall()
    names = {f"{FAMILIES['drugs']}_{name}.csv": (name, codes) for name, codes in lists}
    earlier = {path.name: path for path in sorted(target.glob(f"{FAMILIES['drugs']}_*.csv")) if _is_import(con, path)}
    if own := sorted(name for name in names if (target / name).exists() and name not in earlier):
        raise NightroundsError(
            f"{target / own[0]} was not written by an import, or has been changed since.",
            "Move it away, or name another folder with --into.",
        )
    for name, (list_name, _) in names.items():
        con.execute(
            f"COPY (SELECT {', '.join(COLUMNS)} FROM vocabulary.drugs WHERE list = {text_literal(list_name)} "
            f"ORDER BY system, code, ingredient) TO {text_literal(str(target / name))} (HEADER, DELIMITER ',')"
        )
    for name in sorted(set(earlier) - set(names)):
        earlier[name].unlink()
    return {name: codes for name, (_, codes) in names.items()}


def _is_import(con: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Tell whether every row of a list says that it was imported."""
    try:
        reader = f"read_csv({path_literal(path)}, header = true, all_varchar = true)"
        return bool(con.execute(f"SELECT bool_and(checked = 'imported') FROM {reader}").fetchall()[0][0])
    except duckdb.Error:
        return False
