"""Every rule has a case for each answer that it can give: each outcome, severity and reason, and the exclusions of the engine.

What a rule can answer is read from its SQL: the constants that may end up in the columns outcome, severity and reason,
through CASE, if(), coalesce() and the columns of the CTEs. Text put together by concat() is compared by its constant parts.
That both sides of every parameter are tried is shown by tests/test_mutants.py, which moves each default by one.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from nightrounds.audit import OUTCOMES
from nightrounds.cases import Case, read_cases
from nightrounds.project import find_project
from nightrounds.rulechecks import WORDS
from nightrounds.rules import Rule, load_rules
from nightrounds.sqlfiles import SqlFile, nodes

PROJECT = find_project()
RULES = load_rules(PROJECT.rules)
EVERY_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.rule_id)
# Functions that hand on their first argument.
HANDED_ON = {"min", "max", "first", "last", "any_value", "arg_min", "arg_max", "nullif", "lag", "lead"}
Tree = dict[str, Any]


@cache
def cases(rule_id: str) -> list[Case]:
    return read_cases(next(rule for rule in RULES if rule.rule_id == rule_id))


def expected(rule: Rule) -> list[dict[str, Any]]:
    """Every unit that a case of the rule expects."""
    return [unit for case in cases(rule.rule_id) for unit in case.content["expect"]]


@EVERY_RULE
def test_each_outcome_has_a_case(rule: Rule) -> None:
    possible = answers(rule.sql, "outcome")
    assert possible <= {*OUTCOMES}
    assert possible - {unit["outcome"] for unit in expected(rule)} == set()


@EVERY_RULE
def test_each_severity_has_a_case(rule: Rule) -> None:
    possible = answers(rule.sql, "severity") if "finding" in answers(rule.sql, "outcome") else set()
    assert possible <= {*WORDS["severity"]}
    assert possible - {unit.get("severity") for unit in expected(rule) if unit["outcome"] == "finding"} == set()


@EVERY_RULE
def test_each_reason_has_a_case(rule: Rule) -> None:
    given = {unit["reason"] for unit in expected(rule) if "reason" in unit}
    without = [words for words in answers(rule.sql, "reason") if not any(says(reason, words) for reason in given)]
    assert sorted(without) == []


@EVERY_RULE
def test_each_exclusion_of_the_engine_has_a_case(rule: Rule) -> None:
    reasons = {"under 18", "died before the index date"} | ({"hospice or palliative care"} if rule.excludes_hospice else set())
    assert reasons - {unit.get("reason") for unit in expected(rule) if unit["outcome"] == "excluded"} == set()


@EVERY_RULE
def test_hospice_care_that_lowers_a_finding_has_a_case(rule: Rule) -> None:
    lowered = answers(rule.sql, "severity") - {"info"} if "finding" in answers(rule.sql, "outcome") else set()
    if rule.excludes_hospice or not lowered or any("hospice" in reason for reason in answers(rule.sql, "reason")):
        pytest.skip("the rule has no finding that hospice care would lower")
    units = [unit for case in cases(rule.rule_id) if in_hospice(case) for unit in case.content["expect"]]
    assert any(unit["outcome"] == "finding" and unit.get("severity") == "info" for unit in units)


@EVERY_RULE
def test_names_of_cases_are_their_own(rule: Rule) -> None:
    names = [case.name for case in cases(rule.rule_id)]
    assert sorted({name for name in names if names.count(name) > 1}) == []


# --- what a rule can answer


def says(reason: str, words: str) -> bool:
    """Whether a reason is one that reads like `words`, where `*` stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, words.split("*"))), reason) is not None


def answers(file: SqlFile, column: str) -> set[str]:
    """Return the texts that the last SELECT may give in a column, with `*` for what is not known before."""
    columns: dict[str, list[Tree]] = defaultdict(list)
    for node in nodes(file.tree):
        for name, expression in outputs(node):
            columns[name].append(expression)
    found = {text for name, expression in outputs(file.tree) if name == column for text in texts(expression, columns, set())}
    return {text for text in found if text.strip("*")}


def outputs(node: Tree) -> Iterator[tuple[str, Tree]]:
    """Yield name and expression of the columns that a SELECT, a UNION or a CTE gives."""
    if node.get("type") == "SELECT_NODE":
        yield from ((name_of(expression), expression) for expression in node["select_list"])
    elif node.get("type") == "SET_OPERATION_NODE":
        first, *others = parts(node)
        names = [name for name, _ in outputs(first)]
        yield from (pair for part in others for pair in zip(names, part.get("select_list", []), strict=False))
        yield from outputs(first)
    elif "query_node" in node:
        rows = node["query_node"].get("from_table", {}).get("values", [])
        yield from (pair for row in rows for pair in zip(node["aliases"], row, strict=False))


def parts(node: Tree) -> list[Tree]:
    """Return the SELECTs that a UNION puts together."""
    return [leaf for child in node["children"] for leaf in (parts(child) if "children" in child else [child])]


def name_of(expression: Tree) -> str:
    """Name of a column: its alias, or the column's that it is."""
    return str(expression["alias"] or expression.get("column_names", [""])[-1])


def texts(expression: Tree, columns: dict[str, list[Tree]], seen: set[str]) -> set[str]:
    """Return the texts that an expression may give."""
    kind, name = expression["type"], name_of(expression)
    if kind == "VALUE_CONSTANT":
        return {constant(expression)} - {""}
    if kind == "CASE_EXPR":
        choices = [*(check["then_expr"] for check in expression["case_checks"]), expression["else_expr"]]
    elif kind == "OPERATOR_COALESCE":
        choices = expression["children"]
    elif kind == "COLUMN_REF":
        name = expression["column_names"][-1]
        choices, seen = [] if name in seen else columns.get(name, []), seen | {name}
    elif kind in {"FUNCTION", "WINDOW_AGGREGATE"}:
        return called(expression, columns, seen)
    else:
        return {"*"}
    return {text for choice in choices for text in texts(choice, columns, seen)}


def called(expression: Tree, columns: dict[str, list[Tree]], seen: set[str]) -> set[str]:
    """Return the texts that a function may give."""
    name, arguments = expression["function_name"], [entry["expression"] for entry in expression["arguments"]]
    if name in {"concat", "||"}:
        return {re.sub(r"\*+", "*", "".join(constant(a) if a["type"] == "VALUE_CONSTANT" else "*" for a in arguments))}
    if name in {"if", *HANDED_ON}:
        chosen = arguments[1:] if name == "if" else arguments[:1]
        return {text for argument in chosen for text in texts(argument, columns, seen)}
    return {"*"}


def constant(expression: Tree) -> str:
    """Text of a constant; nothing of NULL, a wildcard for what is no text."""
    literal = expression["literal"]
    return {"STRING": str(literal.get("text")), "NULL": ""}.get(literal["kind"], "*")


# --- hospice


@cache
def hospice_codes() -> set[str]:
    """Every code of the lists of hospice and palliative care."""
    lists = sorted((PROJECT.rules / "codelists").glob("*_palliative_hospice.csv"))
    return {row["code"] for path in lists for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())}


def in_hospice(case: Case) -> bool:
    """Whether a case has a row with a code of hospice or palliative care."""
    rows = [row for feed in ("diagnoses", "procedures") for row in case.content[feed]]
    return any(row.get("code") in hospice_codes() for row in rows)
