"""What the `rules` commands do: list the rules, show one whole, run their cases, preview a changed one."""

import sys
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from nightrounds.cases import read_cases
from nightrounds.errors import CheckFailedError, NightroundsError
from nightrounds.preview import Preview, preview
from nightrounds.project import find_project
from nightrounds.rules import Rule, load_rules
from nightrounds.run import new_run
from nightrounds.site import load_site
from nightrounds.trials import run_cases

# Of each sort of change so many are listed, unless all are asked for.
LISTED = 50
# Columns of a table that goes into a file or through a pipe.
WIDE = 200
SAID = {"enters": "would be found and is not now", "leaves": "is found now and would not be", "changes": "changes severity"}


def list_rules(project: Path | None) -> None:
    """Print one line a rule."""
    # A rule is asked for by its id, which is never cut, however narrow the terminal; a file has room for all.
    others = (Column(name, overflow="fold") for name in ("pack", "kind", "severity", "statements", "title"))
    table = Table(Column("rule", no_wrap=True), *others)
    for rule in load_rules(find_project(project).rules):
        about = rule.about
        table.add_row(rule.rule_id, rule.pack, about["kind"], about["severity"], " ".join(about["statements"]), about["title"])
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)


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


def preview_rule(rule_id: str, out: Path | None, site: Path | None, project: Path | None, *, everything: bool) -> None:
    """Print what a rule as it stands now would find in the data of the last run. Names patients; writes nothing."""
    content, settings = find_project(project), load_site(site)
    rule = _find(load_rules(content.rules, settings), rule_id)
    told = preview(new_run(content, settings, Path(), out=out), rule)
    _print_preview(rule, told, len(told.changes) if everything else LISTED)


def _find(rules: list[Rule], rule_id: str) -> Rule:
    for rule in rules:
        if rule.rule_id == rule_id:
            return rule
    raise NightroundsError(f"There is no rule {rule_id!r}.", "List them with `nightrounds rules`.")


def _print_preview(rule: Rule, told: Preview, limit: int) -> None:
    out = Console(highlight=False, soft_wrap=True, markup=False)
    out.print("Names patients: for the care team only. Nothing was written.")
    before = f"version {told.version_before}" if told.version_before else "not there"
    out.print(f"{rule.rule_id}: in the last run {before}, now version {rule.about['version']}")
    for name, then, now, is_shared in told.parameters:
        out.print(f"  {name}: {then} -> {now}{', but the facts are those of the last run' if is_shared else ''}")
    if told.not_run:
        out.print(f"It would not be run. {told.not_run}")
        return
    for outcome, old, new in told.outcomes:
        out.print(f"  {outcome:<14} {old:>7} -> {new}")
    for kind, said in SAID.items():
        changes = [change for change in told.changes if change.kind == kind]
        out.print(f"\n{len(changes)} {kind}: {said}")
        for c in changes[:limit]:
            out.print(f"  {c.patient_id}  {c.index_date}  {c.before} -> {c.after}  {c.said}".rstrip())
        if len(changes) > limit:
            out.print(f"  ... and {len(changes) - limit} more; list them with --all")
