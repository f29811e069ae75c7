"""Gate: is tonight's extract fit to be judged? One suite of expectations a feed; a critical failure ends the run.

Two tables are asked about for each feed: the rows as they were typed (`staging.<feed>`, one expectation for each
data-quality rule of the contract; a bad row is already in quarantine, so these only count), and the delivery as a whole
(`staging.deliveries`, one row a feed), where the expectations that close the gate are. Answers are counts, never values.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING

import duckdb

from nightrounds.database import identifier, text_literal
from nightrounds.deliveries import Delivery, deliveries
from nightrounds.quality import QualityRule, catalogue_of
from nightrounds.site import Limits
from nightrounds.sources import BASE_FEEDS

if TYPE_CHECKING:
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource

__all__ = ["CheckResult", "QualityRule", "catalogue_of", "check", "warm_up"]

BROKEN = "validation broken"


@dataclass(frozen=True)
class CheckResult:
    """One expectation and what came of it. Holds counts only. `failed_rows` is NULL when the expectation raised."""

    feed: str
    check_name: str
    column_name: str
    reason: str
    critical: bool
    passed: bool
    failed_rows: int | None
    checked_rows: int
    note: str


@dataclass(frozen=True)
class Check:
    """One expectation before it is asked: `failing` is the SQL condition of a row that must not be there."""

    feed: str
    name: str
    failing: str
    critical: bool
    checked_rows: int
    note: str
    column_name: str = ""
    reason: str = ""


def warm_up() -> threading.Thread:
    """Start importing Great Expectations on a thread, and return the thread.

    The import takes 4 to 12 s. DuckDB lets go of Python's lock while it loads the extract, so that started at the
    beginning of a run most of it is over when the gate needs it.
    """
    thread = threading.Thread(target=import_module, args=("nightrounds.suites",), name="import-gx", daemon=True)
    thread.start()
    return thread


def check(
    con: duckdb.DuckDBPyConnection,
    feeds: Sequence[str],
    catalogue: Sequence[QualityRule],
    limits: Limits,
    as_of: date,
) -> list[CheckResult]:
    """Run every feed's suite and return one result for each expectation, feed by feed.

    Reads `staging.<feed>`, `extracts.*`, `audit.batches`, `audit.quarantine` (of this run only) and
    `audit.previous_feeds`; writes `staging.deliveries`. A run may go on when no result is critical and failed.
    """
    from nightrounds import suites

    source = suites.source_of(con)
    found = deliveries(con, feeds)
    whole = _ask(source, "rows", f"({_all_rows(feeds)})", [_whole_check(delivery) for delivery in found])
    expected = [check for delivery in found for check in _delivery_checks(delivery, limits, as_of)]
    on_delivery = _ask(source, "deliveries", "staging.deliveries", expected)
    results: list[CheckResult] = []
    for delivery, answer in zip(found, whole, strict=True):
        rules = [_rule_check(delivery, rule) for rule in catalogue if rule.feed == delivery.feed]
        # Where no row has any fault, every rule of the feed is answered by that.
        faultless = answer.failed_rows == 0
        results += [_result(rule, 0) for rule in rules] if faultless else _ask_rows(source, delivery.feed, rules)
        results += [result for result in on_delivery if result.feed == delivery.feed]
    return results


def _all_rows(feeds: Sequence[str]) -> str:
    return " UNION ALL ".join(
        f"SELECT {text_literal(f)} AS feed, faults IS NOT NULL AS at_fault FROM staging.{identifier(f)}" for f in feeds
    )


def _whole_check(delivery: Delivery) -> Check:
    failing = f"at_fault AND feed = {text_literal(delivery.feed)}"
    return Check(delivery.feed, "rows without any fault", failing, False, delivery.rows_read, "")


def _rule_check(delivery: Delivery, rule: QualityRule) -> Check:
    conditions = [f"f.reason = {text_literal(rule.reason)}"]
    if rule.column_name:
        conditions.insert(0, f"f.column_name = {text_literal(rule.column_name)}")
    failing = f"len(list_filter(faults, lambda f: {' AND '.join(conditions)})) > 0"
    return Check(rule.feed, "rows without this fault", failing, False, delivery.rows_read, "", rule.column_name, rule.reason)


def _delivery_checks(delivery: Delivery, limits: Limits, as_of: date) -> list[Check]:
    """What is expected of a delivery; of an optional feed neither rows nor freshness are, its rules say so themselves."""
    d, base = delivery, delivery.feed in BASE_FEEDS
    share = limits.feeds.get(d.feed, limits.quarantined)
    expected = [
        ("few rows in quarantine", f"rows_in_error > {share} * rows_read", True, _quarantine_note(d, share)),
        ("no sudden shrinkage", f"previous_rows - rows_loaded > {limits.shrinkage} * previous_rows", True, _size_note(d, limits)),
        ("rows at all", "rows_loaded = 0", base, f"{d.rows_loaded:,} rows loaded"),
        ("ids are unique", "repeated_ids > 0", True, f"ids repeated among the loaded rows: {d.repeated_ids:,}"),
        ("every line can be read", "malformed_lines > 0", False, f"lines that could not be read: {d.malformed_lines:,}"),
    ]
    if d.feed != "patients":
        failing = f"watermark IS NULL OR DATE '{as_of.isoformat()}' - watermark > {limits.stale_days}"
        expected.append(("fresh enough", failing, base, _age_note(d, limits, as_of)))
    own = f"feed = {text_literal(d.feed)}"
    return [Check(d.feed, name, f"{own} AND ({failing})", critical, 1, note) for name, failing, critical, note in expected]


def _quarantine_note(delivery: Delivery, share: float) -> str:
    part = delivery.rows_in_error / delivery.rows_read if delivery.rows_read else 0.0
    return f"{delivery.rows_in_error:,} of {delivery.rows_read:,} rows are in error ({part:.1%}; at most {share:.1%} may be)"


def _size_note(delivery: Delivery, limits: Limits) -> str:
    if delivery.previous_rows is None:
        return f"{delivery.rows_loaded:,} rows, and no earlier run to compare with"
    return (
        f"{delivery.rows_loaded:,} rows, after {delivery.previous_rows:,} in the last run "
        f"(at most {limits.shrinkage:.0%} fewer are let through)"
    )


def _age_note(delivery: Delivery, limits: Limits, as_of: date) -> str:
    if delivery.watermark is None:
        return "no clinical date to tell its age by"
    days = (as_of - delivery.watermark).days
    return f"the latest date is {delivery.watermark}, {days} days before {as_of} (at most {limits.stale_days})"


def _ask_rows(source: "SQLDatasource", feed: str, checks: Sequence[Check]) -> list[CheckResult]:
    return _ask(source, feed, f"staging.{identifier(feed)}", checks)


def _ask(source: "SQLDatasource", name: str, table: str, checks: Sequence[Check]) -> list[CheckResult]:
    """Run one suite; an expectation that raised is a failure of its own, and critical whatever it asked."""
    from nightrounds import suites

    questions = [suites.Question(number, check.failing, check.critical) for number, check in enumerate(checks)]
    answers = suites.ask(source, name, table, questions) if questions else {}
    return [_result(check, answers.get(number)) for number, check in enumerate(checks)]


def _result(check: Check, failed: int | None) -> CheckResult:
    broken = failed is None
    note = f"{BROKEN}: {check.name}" if broken else check.note
    return CheckResult(
        check.feed,
        check.name,
        check.column_name,
        check.reason,
        check.critical or broken,
        failed == 0,
        failed,
        check.checked_rows,
        note,
    )
