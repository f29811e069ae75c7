"""SQL files: one SELECT each, path = table, read with DuckDB's own parser to learn what a file reads and binds."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from nightrounds.errors import NightroundsError

Value = str | int | float | bool | date | list[str] | None
PARAMETER = re.compile(r"\$[a-z_]")
COLUMN_COMMENT = re.compile(r"^-- (\w+)(\*?): (.*)$")


def parse(statements: str) -> dict[str, Any]:
    """Return what DuckDB's parser makes of a text, or `error` and why. May be called from several threads at once."""
    # A cursor of its own: one connection serves one thread at a time, and files are read side by side.
    with duckdb.cursor() as con:
        found: dict[str, Any] = json.loads(con.execute("SELECT json_serialize_sql(?)", [statements]).fetchall()[0][0])
    return found


@dataclass(frozen=True)
class SqlFile:
    """One SELECT in one file. Its name is the table's, its folder the schema's."""

    path: Path

    @property
    def table(self) -> str:
        """Name of the table that the file defines."""
        return self.path.stem

    @cached_property
    def text(self) -> str:
        """The statement, without a closing semicolon."""
        return self.path.read_text(encoding="utf-8").rstrip().rstrip(";")

    @cached_property
    def tree(self) -> dict[str, Any]:
        """DuckDB's parse of the statement. Raises NightroundsError unless it is exactly one SELECT."""
        parsed = parse(self.text)
        if parsed["error"] or len(parsed["statements"]) != 1:
            problem = parsed.get("error_message", "more than one statement")
            raise NightroundsError(f"{self.path} is not one SELECT: {problem}", "Keep one SELECT in a file.")
        node: dict[str, Any] = parsed["statements"][0]["node"]
        return node

    @cached_property
    def parameters(self) -> frozenset[str]:
        """Names of the `$parameters` that the statement binds."""
        if not PARAMETER.search(self.text):  # spares most files a parse
            return frozenset()
        return frozenset(n["identifier"] for n in nodes(self.tree) if n.get("type") == "VALUE_PARAMETER")

    @cached_property
    def aliases(self) -> dict[str, set[str]]:
        """Schema-qualified tables read, by the alias (or bare name) that columns are qualified with."""
        found: dict[str, set[str]] = {}
        for node in nodes(self.tree):
            if node.get("type") == "BASE_TABLE" and node.get("schema_name"):
                name = f"{node['schema_name']}.{node['table_name']}"
                found.setdefault(node["alias"] or node["table_name"], set()).add(name)
        return found

    @property
    def tables(self) -> frozenset[str]:
        """Schema-qualified names of the tables read."""
        return frozenset().union(*self.aliases.values())

    @cached_property
    def header(self) -> list[str]:
        """The comment lines on top of the file."""
        lines = self.text.splitlines()
        end = next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
        return lines[:end]

    @property
    def comment(self) -> str:
        """What one row is: the header's lines before the first column."""
        words: list[str] = []
        for line in self.header:
            if COLUMN_COMMENT.match(line):
                break
            words.append(line.removeprefix("--").strip())
        return " ".join(words).strip()

    @property
    def column_comments(self) -> dict[str, str]:
        """Column name -> what it holds, from `-- name: text` lines; a line that goes on is joined to its column."""
        found: dict[str, str] = {}
        last = ""
        for line in self.header:
            if match := COLUMN_COMMENT.match(line):
                last = match.group(1)
                found[last] = match.group(3)
            elif last:
                found[last] += " " + line.removeprefix("--").strip()
        return found

    @property
    def required_columns(self) -> list[str]:
        """Columns marked with a star in the header."""
        return [m.group(1) for m in map(COLUMN_COMMENT.match, self.header) if m and m.group(2)]

    def bind(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Pick the values that the statement binds. Raises NightroundsError when one is not to be had."""
        missing = self.parameters - values.keys()
        if missing:
            raise NightroundsError(
                f"{self.path} binds ${', $'.join(sorted(missing))}, which nobody defines.",
                "Add it to the parameters of the rule (rule.toml) or of the facts (rules/facts.toml).",
            )
        return {name: values[name] for name in self.parameters}


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Walk every node of a parse tree, top down."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            yield node
            stack.extend(reversed(list(node.values())))
        elif isinstance(node, list):
            stack.extend(reversed(node))


def sql_files(folder: Path) -> list[SqlFile]:
    """Return the SQL files of a folder, by name."""
    return [SqlFile(path) for path in sorted(folder.glob("*.sql"))]


def layers(folder: Path) -> list[list[SqlFile]]:
    """Return a schema's files in the order of its sub-layers: the folder itself, then its folders 1, 2, 3 ..."""
    numbered = sorted((p for p in folder.iterdir() if p.name.isdigit()), key=lambda p: int(p.name))
    return [files for place in [folder, *numbered] if (files := sql_files(place))]
