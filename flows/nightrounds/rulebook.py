"""What the `rules` commands do: list the rules, show one whole, run their cases."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from nightrounds.cases import read_cases, run_cases
from nightrounds.errors import CheckFailedError, NightroundsError
from nightrounds.project import find_project
from nightrounds.rules import Rule, load_rules


def list_rules(project: Path | None) -> None:
    """Print one line a rule."""
    table = Table("rule", "pack", "kind", "severity", "statements", "title")
    for rule in load_rules(find_project(project).rules):
        about = rule.about
        table.add_row(rule.rule_id, rule.pack, about["kind"], about["severity"], " ".join(about["statements"]), about["title"])
    Console().print(table)


def show_rule(rule_id: str, project: Path | None) -> None:
    """Print a rule's prose, parameters, SQL and cases."""
    rule = _find(load_rules(find_project(project).rules), rule_id)
    out = Console(highlight=False, soft_wrap=True)
    for key, value in rule.about.items():
        if key != "parameters":
            out.print(f"[bold]{key}[/bold]: ", end="")
            out.print(", ".join(map(str, value)) if isinstance(value, (list, dict)) else str(value), markup=False)
    for name, entry in rule.parameters.items():
        out.print(
            f"parameter {name} = {entry['default']} {entry['unit']} ({entry['chosen_by']}: {entry['why']})",
            markup=False,
        )
    out.print(f"\n{rule.sql.text}\n", markup=False)
    for case in read_cases(rule):
        outcomes = (
            ", ".join(" ".join(filter(None, (e["outcome"], e.get("severity")))) for e in case.content["expect"]) or "no unit"
        )
        out.print(f"case {case.number}: {case.name} -> {outcomes}", markup=False)


def test_rules(rule_id: str | None, project: Path | None) -> None:
    """Run cases and print what differs. Raises CheckFailedError when a case does not come out as written."""
    content = find_project(project)
    rules = load_rules(content.rules)
    out = Console(highlight=False, soft_wrap=True)
    failed = total = 0
    for rule in [_find(rules, rule_id)] if rule_id else rules:
        results = run_cases(content, rule)
        bad = [r for r in results if r.problems]
        out.print(f"{rule.rule_id}: {len(results) - len(bad)} of {len(results)} cases as written", markup=False)
        for result in bad:
            out.print(
                f"  case {result.case.number}: {result.case.name}",
                *(f"\n    {p}" for p in result.problems),
                sep="",
                markup=False,
            )
        failed, total = failed + len(bad), total + len(results)
    if failed:
        raise CheckFailedError(f"{failed} of {total} cases did not come out as written.", "Mend the rule or the case.")


def _find(rules: list[Rule], rule_id: str) -> Rule:
    for rule in rules:
        if rule.rule_id == rule_id:
            return rule
    raise NightroundsError(f"There is no rule {rule_id!r}.", "List them with `nightrounds rules`.")
