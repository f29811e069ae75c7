"""Code lists: CSV files in rules/codelists, one schema `codelists` in the database, one table a family."""

from pathlib import Path

import duckdb

from nightrounds.database import identifier, text_literal

# Files of one family have one header and become one table, with the list's name in a column.
FAMILIES = {"conditions": "cond", "procedures": "proc", "drugs": "drug", "labs": "lab"}
# Files that stand alone although their name begins like a family's.
TABLES = ("drug_names", "drug_false_friends", "lab_names", "lab_units", "routes", "magnesium_salts", "sig_frequencies")


def load_codelists(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Create `codelists.<family>` and the stand-alone tables, every column text, from the CSV files of a folder."""
    con.execute("CREATE SCHEMA IF NOT EXISTS codelists")
    for table, prefix in FAMILIES.items():
        files = [f for f in sorted(folder.glob(f"{prefix}_*.csv")) if f.stem not in TABLES]
        _create(con, table, files, f"parse_filename(filename, true)[{len(prefix) + 2}:] AS list, ")
    for table in TABLES:
        _create(con, table, [folder / f"{table}.csv"], "")


def _create(con: duckdb.DuckDBPyConnection, table: str, files: list[Path], extra: str) -> None:
    names = "[" + ", ".join(text_literal(str(f)) for f in files) + "]"
    con.execute(
        f"CREATE OR REPLACE TABLE codelists.{identifier(table)} AS SELECT {extra}* EXCLUDE (filename) "
        f"FROM read_csv({names}, header = true, all_varchar = true, filename = true, nullstr = '', delim = ',', quote = '\"')"
    )
