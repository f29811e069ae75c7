"""Every rule with a small slip in it must fail one of its own cases (tests/mutating.py says how).

Here every other rule is tried, in tests/test_mutants_of_the_rest.py the others, so that two workers share them. Tried are
all mutants of the parameters and a sample of those of the SQL, the same ones every time. NIGHTROUNDS_MUTANTS=all tries
every one, as `python tests/mutating.py` does.
"""

import pytest

from casehouse import House
from mutating import check, everything_listed
from mutations import moved, of_text
from nightrounds.project import find_project
from nightrounds.rules import Rule, load_rules

RULES = load_rules(find_project().rules)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(find_project(), RULES[::2], tmp_path_factory.mktemp("mutants"))


@pytest.mark.parametrize("rule", RULES[::2], ids=lambda rule: rule.rule_id)
def test_a_case_notices_every_slip(house: House, rule: Rule) -> None:
    assert check(house, rule) == []


def test_only_rules_have_listed_mutants() -> None:
    assert {entry["rule"] for entry in everything_listed()} <= {rule.rule_id for rule in RULES}


def test_every_listed_mutant_has_a_reason() -> None:
    assert [entry["change"] for entry in everything_listed() if not entry["reason"].strip()] == []


SLIPS = [
    ("SELECT a FROM t WHERE a < 3", {"a <= 3", "a < 2", "a < 4"}),
    ("SELECT a FROM t WHERE a >= 0.5 AND b IS NOT NULL", {
        "a > 0.5 AND b IS NOT NULL", "a >= 0.4 AND b IS NOT NULL", "a >= 0.6 AND b IS NOT NULL", "a >= 0.5 OR b IS NOT NULL",
        "a >= 0.5 AND b IS NULL",
    }),
    ("SELECT a FROM t WHERE a NOT BETWEEN b AND c - 2", {
        "a BETWEEN b AND c - 2", "NOT (a > b AND a <= c - 2)", "NOT (a >= b AND a < c - 2)", "NOT a BETWEEN (b) - 1 AND c - 2",
        "a NOT BETWEEN b AND c - 1", "a NOT BETWEEN b AND c - 3",
    }),
    ("SELECT a FROM t WHERE CASE WHEN a THEN b ELSE c END", {"CASE WHEN FALSE THEN b ELSE c END"}),
    ("SELECT a FROM t WHERE CASE a WHEN 'x' THEN b END = if(d, e, f)", {
        "CASE a WHEN NULL THEN b END = if(d, e, f)", "CASE a WHEN 'x' THEN b END = if(FALSE, e, f)",
    }),
    ("SELECT a FROM t WHERE round(a, 1) = '< 2 AND NOT 3' -- AND NOT 4", set()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "conditions"), SLIPS)
def test_the_slips_of_a_condition(text: str, conditions: set[str]) -> None:
    before, _ = text.split(" WHERE ")
    made = {" ".join(mutant.text.split()) for mutant in of_text(text) if mutant.text}
    assert made == {f"{before} WHERE {condition}" for condition in conditions}


def test_a_join_is_made_inner_and_a_part_of_a_union_empty() -> None:
    text = "SELECT a FROM t LEFT JOIN u USING (a) UNION ALL SELECT 1 AS a"
    made = {mutant.text for mutant in of_text(text)}
    assert made == {
        "SELECT a FROM t JOIN u USING (a) UNION ALL SELECT 1 AS a",
        "SELECT * FROM (SELECT a FROM t LEFT JOIN u USING (a)) WHERE FALSE UNION ALL SELECT 1 AS a",
        "SELECT a FROM t LEFT JOIN u USING (a) UNION ALL SELECT * FROM (SELECT 1 AS a) WHERE FALSE",
    }


def test_what_a_case_cannot_state_is_left_alone() -> None:
    assert [*of_text("SELECT if(a, b, c) AS sources, if(a, b, c) AS judged_from, if(a, b, c) AS active_until FROM t")] == []


@pytest.mark.parametrize(
    ("value", "others"),
    [(30, [29, 31]), (0.2, [0.1, 0.3]), (1.25, [1.24, 1.26]), (True, [False]), (["a", "b"], [["b"], ["a"]]), ("us", ["uk"])],
)
def test_a_parameter_moves_by_the_least_step(value: object, others: list[object]) -> None:
    assert moved(value, ["uk", "us"]) == others
