"""Mutation: would the cases of a rule notice if its SQL held a small slip?

    python tests/mutating.py [RULE_ID ...]

Every mutant (tests/mutations.py) of the rules named, or of all, is run on the rule's own cases; those that no case notices
are printed with line and change. Each of them wants another case, or a place in tests/mutants.toml with the reason why no
case can tell it from the rule. The facts of all cases are built once: only the rule and the comparison are run again, in a
transaction that is rolled back, until the first group of cases that notices.
"""

import hashlib
import os
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

from casehouse import NOT_SQL, Changed, House, Room
from mutations import Mutant, mutants_of
from nightrounds.errors import NightroundsError
from nightrounds.project import find_project
from nightrounds.rules import Rule, load_rule, load_rules

LISTED = Path(__file__).with_name("mutants.toml")
SAMPLE = 25  # mutants of a rule besides those of its parameters


def survivors(house: House, rule: Rule, mutants: Sequence[Mutant]) -> list[Mutant]:
    """Return the mutants that no case of the rule notices. Raises NightroundsError when the unchanged rule fails its cases."""
    rooms = [room for room in house.rooms(rule) if is_run(room)]
    try:
        if failing := next((name for room in rooms if (name := room.notices(rule, {}))), None):
            raise NightroundsError(f"{rule.rule_id} fails before anything is changed: {failing}", "Mend the rule or the case.")
        return [mutant for mutant in mutants if lives(rooms, rule, mutant)]
    finally:
        for room in rooms:
            room.close()


def is_run(room: Room) -> bool:
    """Whether the rule is run at all on the feeds of a room."""
    return room.con.execute("SELECT run_status FROM audit.rules").fetchall() == [("run",)]


def lives(rooms: list[Room], rule: Rule, mutant: Mutant) -> bool:
    """Whether a mutant can be run and is noticed in none of the rooms."""
    changed = rule if mutant.text is None else Changed(rule.folder, rule.about, mutant.text)
    try:
        return parses(changed) and all(room.notices(changed, mutant.values) is None for room in rooms)
    except NOT_SQL:
        return False


def parses(rule: Rule) -> bool:
    """Whether a rule's text is a statement at all."""
    try:
        return bool(rule.sql.tree)
    except NightroundsError:
        return False


def everything_listed() -> list[dict[str, str]]:
    """Return the mutants that no case can tell from their rule: rule, change and reason of each."""
    content = tomllib.loads(LISTED.read_text(encoding="utf-8"))
    found: list[dict[str, str]] = content.get("equivalent", [])
    return found


def check(house: House, rule: Rule) -> list[str]:
    """Say what is wrong with a rule's cases or its list: survivors that are not listed, and entries that are no survivors."""
    mutants = mutants_of(rule)
    listed = {entry["change"] for entry in everything_listed() if entry["rule"] == rule.rule_id}
    size = len(mutants) if os.environ.get("NIGHTROUNDS_MUTANTS") == "all" else SAMPLE
    tried = {mutant.change: mutant for mutant in sample(rule, mutants, size)}
    tried |= {mutant.change: mutant for mutant in mutants if mutant.change in listed}
    alive = survivors(house, rule, sorted(tried.values(), key=lambda mutant: mutant.line))
    wrong = [f"{mutant.line}: no case notices {mutant.change}" for mutant in alive if mutant.change not in listed]
    return wrong + [f"listed, but noticed or gone: {change}" for change in sorted(listed - {mutant.change for mutant in alive})]


def sample(rule: Rule, mutants: Sequence[Mutant], size: int) -> list[Mutant]:
    """Return every parameter's mutants and `size` others: the same ones every time, whatever else the text holds."""
    own = [mutant for mutant in mutants if mutant.values]
    others = [mutant for mutant in mutants if not mutant.values]
    return own + sorted(others, key=lambda m: hashlib.sha256(f"{rule.rule_id} {m.change}".encode()).digest())[:size]


def main(wanted: list[str]) -> int:
    """Print what is wrong with the rules named, or with all; 1 when something is."""
    os.environ["NIGHTROUNDS_MUTANTS"] = "all"
    project = find_project()
    named = [load_rule(place) for name in wanted for place in project.rules.glob(f"*/{name}")]
    rules = named if wanted else load_rules(project.rules)
    found = 0
    for rule in rules:
        started = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="nightrounds-mutants-") as scratch:
            wrong = check(House(project, [rule], Path(scratch)), rule)
        print(f"{rule.rule_id}: {len(wrong)} of {len(mutants_of(rule))} mutants, {time.perf_counter() - started:.0f} s")
        print("".join(f"  {line}\n" for line in wrong), end="", flush=True)
        found += len(wrong)
    return min(found, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
