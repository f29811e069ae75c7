"""The rules that tests/test_mutants.py leaves to a second worker."""

import pytest

from casehouse import House
from mutating import check
from nightrounds.project import find_project
from nightrounds.rules import Rule, load_rules

RULES = load_rules(find_project().rules)[1::2]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(find_project(), RULES, tmp_path_factory.mktemp("mutants"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.rule_id)
def test_a_case_notices_every_slip(house: House, rule: Rule) -> None:
    assert check(house, rule) == []
