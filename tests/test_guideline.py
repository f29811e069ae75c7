"""The guideline, statement by statement: each has its rules or a reason, every rule has a statement, and README says the same."""

from pathlib import Path

import pytest

from nightrounds.errors import NightroundsError
from nightrounds.guideline import Statement, read_guideline, statement
from nightrounds.project import Project
from nightrounds.readme import guideline_table, with_table
from nightrounds.rules import load_rules


def test_every_statement_stands_once_and_in_order(project: Project) -> None:
    assert [s.id for s in read_guideline(project.rules)] == [f"S{number:02d}" for number in range(1, 35)]


def test_every_statement_has_rules_that_are_there_or_a_reason(project: Project) -> None:
    written = {rule.rule_id for rule in load_rules(project.rules)}
    assert {s.id: set(s.rules) - written for s in read_guideline(project.rules) if set(s.rules) - written} == {}


def test_every_rule_checks_a_statement_and_companions_none(project: Project) -> None:
    statements = read_guideline(project.rules)
    ids, named = {s.id for s in statements}, {rule for s in statements for rule in s.rules}
    for rule in load_rules(project.rules):
        assert set(rule.about["statements"]) <= ids, rule.rule_id
        assert (rule.rule_id in named) is not rule.companion, rule.rule_id


def test_readme_holds_the_table_as_it_is(project: Project) -> None:
    readme = (project.root / "README.md").read_text(encoding="utf-8")
    assert readme == with_table(readme, guideline_table(read_guideline(project.rules))), "run `make readme`"


def test_a_table_is_put_between_the_markers_and_nowhere_else() -> None:
    table = guideline_table(
        [Statement("S01", "Do | this.", "P", ("a", "b"), "Not all."), Statement("S02", "Ice.", "N", (), "Never.")]
    )
    assert "| S01 | Do &#124; this. | partly | `a`, `b`; Not all. |" in table
    assert "| S02 | Ice. | not computable | Never. |" in table
    text = with_table("before\n<!-- guideline: made by `make readme` -->\nold\n<!-- guideline: end -->\nafter\n", table)
    assert "old" not in text
    assert with_table(text, table) == text
    assert (text.splitlines()[0], text.splitlines()[-1]) == ("before", "after")
    with pytest.raises(NightroundsError, match="has no place for the table"):
        with_table("nothing", table)


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "S01", "statement": "Do this.", "cover": "C", "rules": []},
        {"id": "S01", "statement": "Do this.", "cover": "C", "rules": [], "why_not": "No."},
        {"id": "S01", "statement": "Do this.", "cover": "N", "rules": ["a"]},
        {"id": "S01", "statement": "Do this.", "cover": "X", "rules": ["a"]},
        {"id": "S01", "statement": "Do this.", "rules": ["a"]},
        {"id": "S01", "cover": "C", "rules": ["a"]},
        {"id": "S01", "statement": "Do this.", "cover": "C", "rules": ["a"], "ruled": True},
    ],
)
def test_a_statement_that_is_not_complete_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(NightroundsError, match="the statement S01 is not complete"):
        statement(Path("guideline.toml"), entry)
