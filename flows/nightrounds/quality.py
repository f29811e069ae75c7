"""The catalogue of data-quality rules, read out of the contracts, so that no rule is written down twice.

A contract (sql/extracts/<feed>.sql) says `fault('column', value, 'reason', condition)` for everything that can be wrong
with a row. That SQL puts rows into quarantine; the same calls, found in its parse tree, are what the gate asks about.
"""

import json
from dataclasses import dataclass
from typing import Any

import duckdb

from nightrounds.errors import NightroundsError
from nightrounds.sqlfiles import nodes


@dataclass(frozen=True, order=True)
class QualityRule:
    """One thing that can be wrong with a row of a feed; `column_name` is empty when it is no single column's fault."""

    feed: str
    column_name: str
    reason: str


def catalogue_of(con: duckdb.DuckDBPyConnection, feed: str, contract_sql_text: str) -> list[QualityRule]:
    """List the rules of a feed's contract in the order of its text, each once, and what is found after typing.

    Raises NightroundsError when a call of `fault` names its column or its reason by anything but a text literal.
    """
    text = contract_sql_text.rstrip().rstrip(";")
    tree = json.loads(con.execute("SELECT json_serialize_sql(?)", [text]).fetchall()[0][0])
    calls = [n for n in nodes(tree) if n.get("class") == "FUNCTION" and n.get("function_name") == "fault"]
    calls.sort(key=lambda call: int(call["query_location"]))
    rules = [QualityRule(feed, _literal(feed, call, 0), _literal(feed, call, 2)) for call in calls]
    return list(dict.fromkeys([*rules, QualityRule(feed, "", "conflicting duplicate")]))


def _literal(feed: str, call: dict[str, Any], position: int) -> str:
    arguments = call["arguments"]
    literal = arguments[position]["expression"].get("literal", {}) if len(arguments) > position else {}
    if literal.get("kind") != "STRING":
        raise NightroundsError(
            f"A call of fault() in the contract of {feed} computes its column or its reason.",
            "Write both as text, as in fault('sex', sex, 'unknown value', sex IS NULL), so that they can be listed.",
        )
    return str(literal["text"])
