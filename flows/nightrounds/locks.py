"""Locks: the limits that earlier runs locked, and which of them still hold tonight. `previous` is the last warehouse."""

import duckdb

from nightrounds.control import Limits
from nightrounds.previous import has_previous
from nightrounds.spc import RULE_SET

# Limits of a chart that were locked: by the kind of chart, then by number and reason of the phase.
Locked = dict[str, dict[tuple[int, str | None], Limits]]
# Kind and limits stay as they were locked, while the rule is of the same major version and signals follow the same rules. Those
# that were made for the public under another disclosure policy could rest on what is hidden now.
LOCKED = """
    SELECT c.rule_id, c.audience, c.method, c.phase, c.rebased_because, c.centre, c.spread, c.baseline_from, c.baseline_to,
        c.baseline_points, c.locked_by
    FROM previous.mart.control_chart AS c
    JOIN audit.rules AS r USING (rule_id)
    CROSS JOIN audit.runs AS tonight
    CROSS JOIN previous.audit.runs AS before
    WHERE
        c.locked_by IS NOT NULL AND c.rule_set = ?
        AND split_part(c.rule_version, '.', 1) = split_part(r.version, '.', 1)
        AND (c.audience = 'full' OR before.disclosure = tonight.disclosure)
    ORDER BY c.rule_id, c.audience, c.phase
"""
# Since when a rule's major version is used, when it is not the first one. It judges all months anew.
RENEWED = """
    WITH known AS (
        SELECT rule_id, version, first_as_of, first_run, min(first_run) OVER (PARTITION BY rule_id) AS earliest
        FROM audit.rule_versions
    )
    SELECT r.rule_id, arg_min(k.version, k.first_run), min(k.first_as_of)
    FROM audit.rules AS r JOIN known AS k USING (rule_id)
    WHERE split_part(k.version, '.', 1) = split_part(r.version, '.', 1)
    GROUP BY r.rule_id HAVING min(k.first_run) > any_value(k.earliest)
"""


def locked_limits(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Locked]:
    """Return locked limits that still hold, by rule and audience."""
    found: dict[tuple[str, str], Locked] = {}
    rows = con.execute(LOCKED, [RULE_SET.label]).fetchall() if has_previous(con, "mart", "control_chart") else []
    for rule, audience, method, phase, because, *limits in rows:
        found.setdefault((rule, audience), {}).setdefault(method, {})[phase, because] = Limits(*limits)
    return found


def why_renewed(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return why the first phase of a rule's chart has new limits: a new major version of the rule."""
    return {
        rule: f"version {version} of the rule, used since {since.day} {since:%B %Y}, judges all months anew"
        for rule, version, since in con.execute(RENEWED).fetchall()
    }
