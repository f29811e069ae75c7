"""Charts' numbers: limits, signals and funnels of every rule, written to `mart.control_*` and `mart.funnel_point`.

A handful of months a rule, never patients: what is read here has been counted in SQL.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any

import duckdb

from nightrounds.control import Limits, Phase, Point, as_shown, choose, phases, state
from nightrounds.delta import has_previous
from nightrounds.funnel import funnel, mouth, verdict
from nightrounds.run import Run
from nightrounds.spc import RULE_SET

Row = dict[str, Any]
SERIES = """
    SELECT rule_id, audience, month, numerator, denominator, status FROM mart.control_series ORDER BY rule_id, audience, month
"""
FACILITIES = """
    SELECT rule_id, 'full' AS audience, facility_id, numerator, denominator FROM mart.rule_facility
    WHERE denominator > 0 AND facility_id <> 'not recorded'
    UNION ALL
    SELECT rule_id, 'public', cell, numerator, denominator FROM mart.public_breakdown
    WHERE breakdown = 'facility' AND denominator > 0 AND cell <> 'not recorded'
    ORDER BY rule_id, audience, facility_id
"""
# Limits stay locked while the chart is of the same kind, and the rule of the same major version and rebased on the same days.
LOCKED = """
    SELECT rule_id, audience, phase, method, rule_version, rebased_because, centre, spread, baseline_from, baseline_to,
        baseline_points, locked_by
    FROM previous.mart.control_chart WHERE locked_by IS NOT NULL
"""


def draw_charts(con: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Fill the tables of control charts and funnel plots. `previous` is attached."""
    versions = dict(con.execute("SELECT rule_id, version FROM audit.rules").fetchall())
    locked = con.execute(LOCKED).fetchall() if has_previous(con, "mart", "control_chart") else []
    charts, points = [], []
    for (rule, audience), months in groupby(con.execute(SERIES).fetchall(), key=lambda row: (row[0], row[1])):
        series = [Point(*month) for _, _, *month in months]
        method, members = choose(series, _gaps(con, rule) if audience == "full" else [])
        kept = _kept(locked, (rule, audience, method, versions[rule]), [r.why for r in run.site.rebases.get(rule, [])])
        found = phases(method, members, run.site.rebases.get(rule, []), kept, run.run_id)
        place = 0
        for number, phase in enumerate(found, 1):
            head = {"rule_id": rule, "audience": audience, "phase": number}
            charts.append(head | _chart(phase, versions[rule]))
            points += [head | point for point in _points(phase, place)]
            place += len(phase.points)
    _insert(con, "control_chart", charts)
    _insert(con, "control_point", points)
    _insert(con, "funnel_point", list(_funnels(con)))


def _gaps(con: duckdb.DuckDBPyConnection, rule: str) -> list[tuple[date, int, int]]:
    query = "SELECT index_date, units_between, days_between FROM mart.rule_gap WHERE rule_id = ? ORDER BY place"
    return con.execute(query, [rule]).fetchall()


def _kept(locked: Sequence[tuple[Any, ...]], chart: tuple[str, str, str, str], rebased: Sequence[str]) -> dict[int, Limits]:
    """Return the locked limits of a chart's phases, by number, of those that still hold."""
    rule, audience, method, version = chart
    reasons = [None, *rebased]
    return {
        row[2]: Limits(*row[6:])
        for row in locked
        if (row[0], row[1], row[3]) == (rule, audience, method)
        and row[4].split(".")[0] == version.split(".")[0]
        and row[2] <= len(reasons)
        and row[5] == reasons[row[2] - 1]
    }


def _chart(phase: Phase, version: str) -> Row:
    word, said = state(phase)
    limits = phase.limits
    return {
        "method": phase.method,
        "rule_set": RULE_SET.label,
        "baseline_from": limits and limits.baseline_from,
        "baseline_to": limits and limits.baseline_to,
        "baseline_points": limits.baseline_points if limits else 0,
        "is_trial": not (limits and limits.locked_by),
        "centre": limits and limits.centre,
        "spread": limits and limits.spread,
        "locked_by": limits and limits.locked_by,
        "rebased_because": phase.because,
        "rule_version": version,
        "state": word,
        "said": said,
    }


def _points(phase: Phase, place: int) -> Iterator[Row]:
    """Yield the points of a phase; a month without a denominator has no limits of its own on a chart that depends on it."""
    for i, point in enumerate(phase.points):
        has_band = bool(phase.bands) and (phase.method != "p'" or bool(point.denominator))
        limits = phase.bands[i] if has_band else None
        yield {
            "place": place + i + 1,
            "day": point.day,
            "numerator": point.numerator,
            "denominator": point.denominator,
            "status": point.status,
            "value": as_shown(phase.method, point.value),
            "centre": as_shown(phase.method, limits.centre) if limits else None,
            "lower": as_shown(phase.method, limits.lower) if limits else None,
            "upper": as_shown(phase.method, limits.upper) if limits else None,
            "signals": sorted(phase.signals[i]) if phase.signals else [],
        }


def _funnels(con: duckdb.DuckDBPyConnection) -> Iterator[Row]:
    for (rule, audience), group in groupby(con.execute(FACILITIES).fetchall(), key=lambda row: (row[0], row[1])):
        members = list(group)
        shape = funnel([row[3] for row in members], [row[4] for row in members])
        for _, _, facility, numerator, denominator in members:
            limits = mouth(shape, denominator)
            yield {
                "rule_id": rule,
                "audience": audience,
                "facility_id": facility,
                "numerator": numerator,
                "denominator": denominator,
                "value": numerator / denominator,
                "rate": shape.rate,
                "phi": shape.phi,
                **vars(limits),
                "verdict": verdict(shape, numerator, denominator),
            }


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[Row]) -> None:
    """Put rows into a table of the marts in one statement: row by row would take seconds."""
    columns = con.execute(f"SELECT column_name, column_type FROM (DESCRIBE mart.{table})").fetchall()
    shape = json.dumps([dict(columns)])
    con.execute(
        f"INSERT INTO mart.{table} BY NAME SELECT unnest(from_json(?, ?), recursive := true)",
        [json.dumps(rows, default=str), shape],
    )
