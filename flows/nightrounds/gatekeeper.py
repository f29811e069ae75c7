"""Gate: let the expectations judge what was loaded, keep their results as a table, and stop the run when one is critical."""

from collections.abc import Callable
from dataclasses import asdict

from nightrounds.database import connect
from nightrounds.errors import GateClosedError
from nightrounds.gate import catalogue_of, check
from nightrounds.rows import insert_rows
from nightrounds.run import Run
from nightrounds.sources import FEEDS
from nightrounds.sqlfiles import SqlFile

Say = Callable[[str], None]


def gate(run: Run, say: Say = lambda _: None) -> None:
    """Fill `audit.quality`. Raises GateClosedError when a critical check fails and `--accept-gate` was not given."""
    with connect(run.building, threads=run.site.threads, memory_limit=run.site.memory_limit) as con:
        present = {feed for (feed,) in con.execute("SELECT feed FROM extracts.feeds WHERE present").fetchall()}
        feeds = [feed for feed in FEEDS if feed in present]
        contracts = [SqlFile(run.project.sql / "extracts" / f"{feed}.sql") for feed in feeds]
        catalogue = [rule for c in contracts for rule in catalogue_of(con, c.table, c.text)]
        results = check(con, feeds, catalogue, run.site.limits, run.as_of)
        insert_rows(con, "audit.quality", [asdict(result) for result in results])
    failed = [r for r in results if r.critical and not r.passed]
    say(f"{len(results)} checks, {len(failed)} critical failures")
    if failed and run.accept_gate is None:
        raise GateClosedError(
            "The gate is closed: " + "; ".join(f"{r.feed}: {r.note or r.check_name}" for r in failed) + ".",
            "Mend the extract, or publish all the same with --accept-gate REASON, which every page will show.",
        )
