"""What a run says on the terminal when it is done: a table of rules, companions apart, and the paths of what it wrote."""

from itertools import groupby
from operator import itemgetter
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from nightrounds.database import connect_reader
from nightrounds.publish import DATABASE
from nightrounds.run import Run

Row = tuple[Any, ...]
OUTCOMES = """
    SELECT
        u.companion, u.rule_id, u.not_run_reason,
        count(*) FILTER (outcome = 'finding'), count(*) FILTER (outcome = 'clear'), count(*) FILTER (outcome = 'excluded'),
        count(*) FILTER (outcome = 'not_evaluable'), count(*) FILTER (outcome = 'pending'), count(*) FILTER (open)
    FROM audit.rules AS u LEFT JOIN audit.results USING (rule_id)
    GROUP BY ALL
    ORDER BY u.companion, u.rule_id
"""


def print_results(run: Run) -> None:
    """Print how many units of each rule had each outcome, which rules were not run and why, and where everything is."""
    console = Console()
    # A log has no width of its own; the table needs this much.
    console.width = max(console.width, 100)
    with connect_reader(run.out / "current" / DATABASE) as con:
        rows = con.execute(OUTCOMES).fetchall()
    for companion, group in groupby(rows, itemgetter(0)):
        console.print(table_of(companion=companion, rows=list(group)))
    for _, rule_id, not_run, *_ in rows:
        if not_run:
            _say(console, f"{rule_id} was not run. {not_run}")
    for name in ("dashboard/index.html", "worklist/index.html", DATABASE):
        _say(console, f"{name.split('/')[0]:<20} {run.out / 'current' / name}")


def _say(console: Console, text: str) -> None:
    """Print a line as it is: a path may hold what looks like markup, and is not to be cut."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def table_of(*, companion: bool, rows: list[Row]) -> Table:
    """Return the table of the guideline's rules, or of the companions."""
    first = "companion rule, beyond the guideline" if companion else "rule"
    table = Table(Column(first, no_wrap=True), "finding", "clear", "excluded", "not evaluable", "pending", "open")
    for _, rule_id, not_run, *counts in rows:
        table.add_row(rule_id, *(["not run"] if not_run else [str(count) for count in counts]))
    return table
