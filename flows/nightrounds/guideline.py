"""The guideline, statement by statement: which rules cover it, which are not written yet, and why some never will be.

A pack may have a guideline.toml: its title, what it is about, and the statements that its rules cover. A companion pack
has no statement of its own.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from nightrounds.errors import NightroundsError
from nightrounds.rows import insert_rows
from nightrounds.rules import packs

KEYS = {"title", "about", "statement"}
STATEMENT_KEYS = {"id", "statement", "cover", "rules", "why_not"}


@dataclass(frozen=True)
class Statement:
    """One statement in our words. `cover` is C (computed), P (partly) or N (not computable, and `why_not` says why)."""

    id: str
    statement: str
    cover: str
    rules: tuple[str, ...]
    why_not: str | None = None


def read_guideline(rules: Path) -> list[Statement]:
    """Return the statements of every pack, in order.

    Raises NightroundsError when one has neither rule nor reason, or both a rule and no cover.
    """
    return [statement(path, entry) for path in guidelines(rules) for entry in read(path).get("statement", [])]


def guidelines(rules: Path) -> list[Path]:
    """Return the guideline.toml of every pack that has one."""
    return [path for pack in packs(rules) if (path := pack / "guideline.toml").is_file()]


def read(path: Path) -> dict[str, Any]:
    """Read a guideline.toml. Raises NightroundsError on an unknown key, or without a title."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise NightroundsError(f"{path} is not TOML ({error}).", "Correct the line it names.") from error
    if set(content) - KEYS or not {"title", "about"} <= set(content):
        raise NightroundsError(f"{path} has other keys than it should.", "Give title, about and a [[statement]] for each.")
    return content


def statement(path: Path, entry: dict[str, Any]) -> Statement:
    """Check one [[statement]]: a computed one names rules; one that is not says why."""
    rules, cover = tuple(entry.get("rules", [])), entry.get("cover")
    is_told = bool(rules) if cover in ("C", "P") else cover == "N" and bool(entry.get("why_not"))
    if set(entry) - STATEMENT_KEYS or not (entry.get("id") and entry.get("statement") and is_told):
        raise NightroundsError(
            f"{path}: the statement {entry.get('id')} is not complete.",
            "Give id, statement, cover, and rules (C, P) or why_not (N).",
        )
    return Statement(entry["id"], entry["statement"], entry["cover"], rules, entry.get("why_not"))


def register_guideline(con: duckdb.DuckDBPyConnection, rules: Path) -> None:
    """Fill `audit.packs`, and `audit.guideline` with the rules of each statement that are there and those not written yet."""
    written = {rule for (rule,) in con.execute("SELECT rule_id FROM audit.rules").fetchall()}
    abouts = {path.parent.name: read(path) for path in guidelines(rules)}
    insert_rows(con, "audit.packs", [{"pack": pack, "title": a["title"], "about": a["about"]} for pack, a in abouts.items()])
    statements = [
        {"statement_id": s.id, **vars(s), "missing_rules": [name for name in s.rules if name not in written]}
        for s in read_guideline(rules)
    ]
    insert_rows(con, "audit.guideline", statements)
