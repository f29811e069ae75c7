"""Charts' numbers: limits, signals and funnels of every rule, written to `mart.control_*` and `mart.funnel_point`.

A handful of months a rule, never patients: what is read here has been counted in SQL.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import duckdb

from nightrounds.control import Phase, as_shown, phases, state
from nightrounds.funnel import funnel, mouth, verdict
from nightrounds.locks import locked_limits, why_renewed
from nightrounds.rows import insert_rows
from nightrounds.run import Run
from nightrounds.series import RATES, Gap, Point, charted, choose
from nightrounds.spc import RULE_SET

Row = dict[str, Any]
SERIES = """
    SELECT rule_id, audience, month, numerator, denominator, status FROM mart.control_series ORDER BY rule_id, audience, month
"""
# A rule that describes has no rate to compare.
FACILITIES = """
    WITH judging AS (SELECT rule_id FROM audit.rules WHERE kind <> 'descriptive')
    SELECT rule_id, 'full' AS audience, facility_id, numerator, denominator
    FROM mart.rule_facility SEMI JOIN judging USING (rule_id)
    WHERE denominator > 0 AND facility_id <> 'not recorded'
    UNION ALL
    SELECT rule_id, 'public', cell, numerator, denominator
    FROM mart.public_breakdown SEMI JOIN judging USING (rule_id)
    WHERE breakdown = 'facility' AND denominator > 0 AND cell <> 'not recorded'
    ORDER BY rule_id, audience, facility_id
"""
GAPS = "SELECT rule_id, index_date, units_between, days_between FROM mart.rule_gap ORDER BY rule_id, place"
RARE = (
    "Rare findings: charted by the way from one to the next ({method} chart) in the worklist, not here, since such a chart tells "
    "single findings."
)


def draw_charts(con: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Fill the tables of control charts and funnel plots. `previous` is attached."""
    versions = dict(con.execute("SELECT rule_id, version FROM audit.rules").fetchall())
    locked, gaps, renewed = locked_limits(con), _gaps(con), why_renewed(con)
    methods: dict[str, str] = {}
    charts, points = [], []
    # The full series comes first, and decides for both.
    for (rule, audience), months in groupby(con.execute(SERIES).fetchall(), key=lambda row: (row[0], row[1])):
        series = [Point(*month) for _, _, *month in months]
        ways, held = gaps.get(rule, []), locked.get((rule, audience), {})
        method = methods.setdefault(rule, next(iter(held), None) or choose(series, ways))
        if method not in RATES and audience == "public" and run.site.disclosure != "none":
            charts.append({"rule_id": rule, "audience": audience, "phase": 1} | _rare(method, versions[rule]))
            continue
        members = charted(method, series, ways)
        found = phases(method, members, run.site.rebases.get(rule, []), held.get(method, {}), run.run_id, first=renewed.get(rule))
        place = 0
        for number, phase in enumerate(found, 1):
            head = {"rule_id": rule, "audience": audience, "phase": number}
            charts.append(head | _chart(phase, versions[rule]))
            points += [head | point for point in _points(phase, place)]
            place += len(phase.points)
    for table, rows in (("control_chart", charts), ("control_point", points), ("funnel_point", list(_funnels(con)))):
        insert_rows(con, f"mart.{table}", rows)


def _gaps(con: duckdb.DuckDBPyConnection) -> dict[str, list[Gap]]:
    rows = groupby(con.execute(GAPS).fetchall(), key=lambda row: row[0])
    return {rule: [(day, units, days) for _, day, units, days in gaps] for rule, gaps in rows}


def _rare(method: str, version: str) -> Row:
    """Return the chart, without a point, of a rule whose findings are too rare to be charted on a shareable page."""
    empty = _chart(Phase(method, [], None, None, [], []), version)
    return empty | {"state": "rare", "said": RARE.format(method=method)}


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
