"""Code lists: CSV files in rules/codelists, one schema `codelists` in the database, one table a family.

A site may have a folder of its own beside the project's, with files of the same names and headers: it widens lists and adds
new ones. A code that the project's list already holds stays as the project has it.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from nightrounds.database import identifier, path_literal
from nightrounds.errors import NightroundsError
from nightrounds.files import csv_head

# Files of one family have one header and become one table, with the list's name in a column.
FAMILIES = {"conditions": "cond", "procedures": "proc", "drugs": "drug", "labs": "lab"}
# What two rows of one family must share to be the same entry.
KEYS = {
    "conditions": "list, system, code", "procedures": "list, system, code", "labs": "list, system, code",
    "drugs": "list, system, code, ingredient",
}  # fmt: skip
# Files that stand alone although their name begins like a family's.
TABLES = ("drug_names", "drug_false_friends", "lab_names", "lab_units", "routes", "magnesium_salts", "sig_frequencies")
# Says what each list is, how old and how far checked; it is no list itself.
INDEX = "index"


def load_codelists(con: duckdb.DuckDBPyConnection, folder: Path, own: Path | None = None) -> None:
    """Create `codelists.<family>` and the stand-alone tables, every column text, from the CSV files of one or two folders.

    Raises NightroundsError when a file of the site's `own` folder is no code list or has another header than the project's.
    """
    con.execute("CREATE SCHEMA IF NOT EXISTS codelists")
    ours = _check(folder, own) if own else {}
    for table, prefix in FAMILIES.items():
        files = [f for f in sorted(folder.glob(f"{prefix}_*.csv")) if f.stem not in TABLES]
        name = f"parse_filename(filename, true)[{len(prefix) + 2}:] AS list, "
        _create(con, table, files, name)
        if table in ours:
            _widen(con, table, _rows(ours[table], name), KEYS[table])
    for table in TABLES:
        _create(con, table, [folder / f"{table}.csv"], "")
        if table in ours:
            columns = ", ".join(name for name, *_ in con.execute(f"DESCRIBE codelists.{identifier(table)}").fetchall())
            _widen(con, table, _rows(ours[table], ""), columns)


def family_of(path: Path) -> str | None:
    """Name the table that a file of code lists goes into; None for a file that is no code list."""
    if path.stem in TABLES:
        return path.stem
    return next((table for table, prefix in FAMILIES.items() if path.name.startswith(f"{prefix}_")), None)


def _create(con: duckdb.DuckDBPyConnection, table: str, files: Sequence[Path], extra: str) -> None:
    con.execute(f"CREATE OR REPLACE TABLE codelists.{identifier(table)} AS {_rows(files, extra)}")


def _widen(con: duckdb.DuckDBPyConnection, table: str, rows: str, key: str) -> None:
    """Add the rows whose key is not there yet, each once."""
    same = " AND ".join(f"had.{name} IS NOT DISTINCT FROM new.{name}" for name in key.split(", "))
    name = f"codelists.{identifier(table)}"
    con.execute(f"INSERT INTO {name} BY NAME SELECT DISTINCT * FROM ({rows}) AS new ANTI JOIN {name} AS had ON {same}")


def _rows(files: Sequence[Path], extra: str) -> str:
    names = "[" + ", ".join(path_literal(f) for f in files) + "]"
    return (
        f"SELECT {extra}* EXCLUDE (filename) "
        f"FROM read_csv({names}, header = true, all_varchar = true, filename = true, nullstr = '', delim = ',', quote = '\"')"
    )


def _check(folder: Path, own: Path) -> dict[str, list[Path]]:
    """Return the site's files by table, after a look at their names and headers."""
    if not own.is_dir():
        raise NightroundsError(f"There is no folder {own}, which the site names for its code lists.", "Correct `codelists`.")
    found: dict[str, list[Path]] = {}
    for path in sorted(p for p in own.glob("*.csv") if p.stem != INDEX):
        table = family_of(path)
        if table is None:
            starts = ", ".join(f"{prefix}_" for prefix in FAMILIES.values())
            raise NightroundsError(f"{path} is no code list.", f"Its name must begin with {starts} or be a project's file's.")
        model = folder / path.name if table in TABLES else next(f for f in sorted(folder.glob("*.csv")) if family_of(f) == table)
        if csv_head(path) != csv_head(model):
            raise NightroundsError(
                f"{path} has another header than {model.name}.", "Give it the same columns in the same order, with commas."
            )
        found.setdefault(table, []).append(path)
    return found
