"""The guideline, statement by statement: which rules cover it, which are not written yet, and why some never will be."""

import tomllib
from pathlib import Path

import duckdb

from nightrounds.errors import NightroundsError

KEYS = {"id", "statement", "cover", "rules", "why_not"}


def read_guideline(rules: Path) -> list[dict[str, object]]:
    """Return the statements of every pack's guideline.toml. Raises NightroundsError when one has neither rule nor reason."""
    found: list[dict[str, object]] = []
    for path in sorted(rules.glob("*/guideline.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("statement", []):
            odd = sorted(set(entry) - KEYS)
            if odd or entry.get("cover") not in ("C", "P", "N") or not (entry.get("rules") or entry.get("why_not")):
                raise NightroundsError(
                    f"{path}: the statement {entry.get('id')} is not complete.",
                    "Give id, statement, cover and rules or why_not.",
                )
            found.append(entry)
    return found


def register_guideline(con: duckdb.DuckDBPyConnection, rules: Path) -> None:
    """Fill `audit.guideline` with, for each statement, the rules that are there and those that are not written yet."""
    written = {rule for (rule,) in con.execute("SELECT rule_id FROM audit.rules").fetchall()}
    for entry in read_guideline(rules):
        names = [str(name) for name in entry.get("rules", [])]  # type: ignore[attr-defined]
        row = [
            entry["id"],
            entry["statement"],
            entry["cover"],
            entry.get("why_not"),
            names,
            [n for n in names if n not in written],
        ]
        con.execute("INSERT INTO audit.guideline VALUES (?, ?, ?, ?, ?, ?)", row)
