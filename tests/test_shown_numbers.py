"""What the pages say beside the counts: how pressing a finding is, which months may change, what is open, how a rate moved."""

import random
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from attacker import LIMIT, open_ranges
from nightrounds.charts import draw_charts
from nightrounds.project import find_project
from nightrounds.run import new_run
from nightrounds.site import Rebase, Site
from nightrounds.sqlfiles import SqlFile
from test_report import AS_OF, ROOT, Published, records

PAGES = ROOT / "reports"


def charted(con: duckdb.DuckDBPyConnection, disclosure: Any = "cms11", before: Path | None = None, *rebases: Rebase) -> None:
    """Draw the charts, after those of another database if there is one."""
    con.execute(f"ATTACH '{before or ':memory:'}' AS previous")
    site = Site(name="test", disclosure=disclosure, rebases={"r": list(rebases)})
    # The made-up rules are no rules of the project, which a run's own site file may not speak of.
    draw_charts(con, replace(new_run(find_project(ROOT), Site(), Path("extract"), as_of=AS_OF), site=site))
    con.execute("DETACH previous")


def page(con: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, Any]]:
    return records(con, SqlFile(PAGES / f"{name}.sql").text)


# Modifiers


def behind(house: Published, finding: str, *rows: tuple[str, str, str]) -> None:
    for feed, row_id, says in rows:
        house.insert("audit.evidence", finding_id=finding, feed=feed, source_id=row_id, says=says, file="x", line=1)


def test_all_that_speaks_in_a_finding_besides_its_own_drug_counts_once() -> None:
    """Platelets twice, myasthenia twice, two drugs more in three prescriptions; of quinine itself a course and a dose given."""
    house = Published()
    house.rule("r")
    house.units("r", "finding", 1, date(2026, 6, 5))
    house.units("r", "finding", 1, date(2026, 6, 9))
    for exposure, ingredient, members in (
        ("canary-000000|0", "quinine", ["R1", "A1"]), ("d", "digoxin", ["R2", "R3"]), ("w", "warfarin", ["R4"]),
    ):  # fmt: skip
        house.insert("facts.exposures", exposure_id=exposure, ingredient=ingredient)
        for row_id in members:
            feed = "administrations" if row_id[0] == "A" else "prescriptions"
            house.insert("facts.exposure_members", exposure_id=exposure, feed=feed, row_id=row_id)
    for row_id in ("L1", "L2"):
        house.insert("facts.labs", row_id=row_id, patient_id="canary-000000", analyte="platelets")
    behind(
        house, "id0",
        ("prescriptions", "R1", "quinine 324 mg"), ("administrations", "A1", "quinine 324 mg"),
        ("prescriptions", "R2", "digoxin"), ("prescriptions", "R3", "digoxin"), ("prescriptions", "R4", "warfarin"),
        ("labs", "L1", "Platelets 400"), ("labs", "L2", "Platelets 84"),
        ("diagnoses", "D1", "G70.00 Myasthenia gravis"), ("diagnoses", "D2", "G70.00 Myasthenia"),
    )  # fmt: skip
    behind(house, "id1", ("prescriptions", "R1", "quinine 324 mg"))
    rows = records(house.publish(), "SELECT finding_id, modifiers FROM mart.worklist ORDER BY rank")
    # The later finding comes second although its day is the later one.
    assert [(row["finding_id"], row["modifiers"]) for row in rows] == [("id0", 4), ("id1", 1)]


# Months that may change


def provisional(con: duckdb.DuckDBPyConnection, audience: str) -> list[int]:
    query = "SELECT month(month) AS m FROM mart.control_series WHERE is_provisional AND audience = ? ORDER BY m"
    return [m for (m,) in con.execute(query, [audience]).fetchall()]


def pending_house(pending: dict[int, int], disclosure: str = "cms11") -> duckdb.DuckDBPyConnection:
    """Nine months, October to June, with enough clear units, and units pending by month."""
    house = Published()
    house.rule("r")
    for place in range(9):
        house.units("r", "clear", 30, date(2025 + (place + 9) // 12, (place + 9) % 12 + 1, 5))
    for month, count in pending.items():
        house.units("r", "pending", count, date(2026, month, 5))
    return house.publish(disclosure)


def test_shown_and_small_pending_counts_tell_which_months_may_change() -> None:
    con = pending_house({4: 12, 5: 3, 6: 20})
    assert provisional(con, "public") == provisional(con, "full") == [4, 5, 6]
    assert page(con, "dashboard/index/dates")[0]["provisional_from"] == date(2026, 4, 1)


def test_withheld_pending_counts_leave_the_months_open_in_which_any_could_be() -> None:
    """Whether two are pending in June or three in May and none in June: the page says the same, and not of last autumn."""
    said = [provisional(pending_house(pending), "public") for pending in ({6: 2}, {5: 3}, {1: 4, 6: 1})]
    assert said == [[1, 2, 3, 4, 5, 6]] * 3
    assert provisional(pending_house({6: 2}), "full") == [6]


@pytest.mark.parametrize("policy", ["none", "round5"])
def test_policies_that_withhold_nothing_name_the_true_months(policy: str) -> None:
    assert provisional(pending_house({6: 2}, policy), "public") == [6]
    assert provisional(pending_house({}, policy), "public") == []


# Open findings


def opened(counts: dict[str, dict[str, int]], disclosure: str = "cms11") -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    """Return what is printed of open findings by rule and severity, and of all together."""
    house = Published()
    for rule, severities in counts.items():
        house.rule(rule)
        for severity, count in severities.items():
            house.units(rule, "finding", count, severity=severity)
    house.rule("rates_only", kind="documentation")
    house.units("rates_only", "finding", 40)
    con = house.publish(disclosure)
    by_rule = con.execute("SELECT rule_id, severity, shown FROM mart.public_rule_open").fetchall()
    return {(rule, severity): shown for rule, severity, shown in by_rule}, dict(
        con.execute("SELECT severity, shown FROM mart.public_open").fetchall()
    )


def test_open_findings_of_a_rule_are_told_to_the_nearest_five() -> None:
    counts = {"a": {"critical": 63, "high": 10, "low": 11}, "b": {"critical": 12, "high": 38}, "c": {"info": 3}}
    shown, total = opened(counts)
    assert {place: text for place, text in shown.items() if text != "0"} == {
        ("a", "critical"): "65", ("a", "high"): "<11", ("a", "low"): "10", ("b", "critical"): "10", ("b", "high"): "40",
        ("c", "info"): "<11",
    }  # fmt: skip
    assert len(shown) == 15
    assert total == {"critical": "75", "high": "at least 39", "moderate": "0", "low": "10", "info": "<11"}


def test_open_findings_under_the_other_policies() -> None:
    counts = {"a": {"critical": 63, "high": 7}, "b": {"critical": 2, "high": 38}}
    shown, total = opened(counts, "none")
    assert (shown["a", "critical"], shown["a", "high"], total["critical"], total["high"]) == ("63", "7", "65", "45")
    shown, total = opened(counts, "round5")
    assert (shown["a", "critical"], shown["a", "high"], total["critical"]) == ("65", "<8", "at least 64")


@pytest.mark.parametrize("seed", range(4))
def test_no_total_narrows_what_a_small_number_of_open_findings_can_be(seed: int) -> None:
    dice = random.Random(seed)
    severities = ("critical", "high", "moderate", "low", "info")
    counts = {f"r{i}": {s: dice.choice([0, 0, 1, 4, 10, 11, 13, 40]) for s in severities} for i in range(dice.randint(1, 4))}
    shown, total = opened(counts)
    for severity in severities:
        by_rule = {rule: shown[rule, severity] for rule in counts}
        for rule, (least, most) in open_ranges(by_rule, total[severity]).items():
            true = counts[rule][severity]
            assert least <= true <= most
            assert (least, most) == (1, LIMIT) or not 1 <= true <= LIMIT


def test_a_true_total_would_tell() -> None:
    assert open_ranges({"a": "<11", "b": "55"}, "55")["a"] == (1, 4)


def test_a_rule_that_was_not_run_has_no_open_findings_to_tell() -> None:
    house = Published()
    house.rule("r", run_status="not_run", not_run_reason="No labs.")
    house.units("r", "finding", 30)
    con = house.publish()
    assert con.execute("SELECT count(*) FROM mart.public_rule_open").fetchall() == [(0,)]
    charted(con)
    assert [(row["has_worklist"], row["open_findings"]) for row in page(con, "dashboard/index/rules")] == [(False, [])]


# Change of a rate


def moved(counts: dict[int, tuple[int, int]], disclosure: str = "none") -> dict[str, Any]:
    """Return the rule's row of the index for months of 2026 with (findings, clear units)."""
    house = Published()
    house.rule("r")
    for month, (findings, clear) in counts.items():
        house.units("r", "finding", findings, date(2026, month, 5))
        house.units("r", "clear", clear, date(2026, month, 5))
    con = house.publish(disclosure)
    charted(con, disclosure)
    return page(con, "dashboard/index/rules")[0]


def test_a_change_is_told_with_how_much_was_judged() -> None:
    row = moved({month: (2, 8) if month < 4 else (5, 5) for month in range(1, 7)})
    assert (row["judged"], row["judged_before"], row["change_to"]) == (30, 30, date(2026, 6, 1))
    assert row["change"] == pytest.approx(0.3)


@pytest.mark.parametrize(
    "counts",
    [
        dict.fromkeys(range(1, 6), (2, 8)),
        dict.fromkeys(range(1, 7), (2, 8)) | {2: (2, 7)},
        dict.fromkeys(range(1, 7), (2, 8)) | {6: (2, 7)},
    ],
)
def test_too_few_months_or_units_make_no_change(counts: dict[int, tuple[int, int]]) -> None:
    assert moved(counts)["change"] is None


def test_three_months_are_adjacent_ones() -> None:
    """A hidden month between or at the end is not skipped; a month in which nothing was judged is one of the three."""
    full = dict.fromkeys(range(1, 7), (12, 30))
    assert moved(full, "cms11")["change"] == pytest.approx(0)
    for hidden in (2, 6):
        assert moved(full | {hidden: (3, 30)}, "cms11")["change"] is None
    assert moved(full | {5: (0, 0)})["judged"] == 84


# Charts of both pages


def rare_house() -> Published:
    """Two years: one finding a month among thirty units, a little unevenly."""
    dice, house = random.Random(3), Published()
    house.rule("r")
    for place in range(24):
        month = date(2024 + (place + 6) // 12, (place + 6) % 12 + 1, 5)
        house.units("r", "finding", dice.choice([0, 1, 1, 2]), month)
        house.units("r", "clear", 30, month)
    return house


def test_rare_findings_have_one_chart_and_the_dashboard_says_where() -> None:
    con = rare_house().publish()
    charted(con)
    charts = records(con, "SELECT audience, method, state, said FROM mart.control_chart ORDER BY audience")
    assert [(row["audience"], row["method"]) for row in charts] == [("full", "g"), ("public", "g")]
    assert charts[1]["state"] == "rare"
    assert "in the worklist" in charts[1]["said"]
    assert records(con, "SELECT * FROM mart.control_point WHERE audience = 'public'") == []


def test_where_nothing_is_hidden_the_dashboard_draws_the_same_chart() -> None:
    con = rare_house().publish("none")
    charted(con, "none")
    for table in ("control_chart", "control_point"):
        full, public = (
            records(con, f"SELECT * EXCLUDE (audience) FROM mart.{table} WHERE audience = '{name}' ORDER BY ALL")
            for name in ("full", "public")
        )
        assert full == public != []


def test_kind_and_limits_stay_until_a_rebase_or_a_major_version(tmp_path: Path) -> None:
    """Fifty units a month and then forty-nine would be two kinds of chart: the first one stays."""

    def night(
        size: int, *rebases: Rebase, before: Path | None = None, version: str = "1.0.0", policy: str = "none"
    ) -> dict[str, Any]:
        house = Published()
        house.rule("r", version=version)
        house.insert("audit.rule_versions", rule_id="r", version="1.0.0", first_run="2025", first_as_of=date(2025, 1, 1))
        if version != "1.0.0":
            house.insert("audit.rule_versions", rule_id="r", version=version, first_run="2026", first_as_of=date(2026, 6, 30))
        for place in range(13):
            month = date(2025 + (place + 5) // 12, (place + 5) % 12 + 1, 5)
            house.units("r", "finding", 10 + place % 3, month)
            house.units("r", "clear", size - 10 - place % 3, month)
        con = house.publish(policy)
        charted(con, policy, before, *rebases)
        kept = tmp_path / f"{len(list(tmp_path.iterdir()))}.duckdb"
        con.execute(f"ATTACH '{kept}' AS kept")
        for schema, table in (("mart", "control_chart"), ("audit", "runs")):
            con.execute(f"CREATE SCHEMA kept.{schema}")
            con.execute(f"CREATE TABLE kept.{schema}.{table} AS FROM {schema}.{table}")
        con.execute("DETACH kept")
        row = records(con, "SELECT * FROM mart.control_chart WHERE audience = 'full' ORDER BY phase DESC LIMIT 1")[0]
        public = records(con, "SELECT centre FROM mart.control_chart WHERE audience = 'public' ORDER BY phase DESC LIMIT 1")[0]
        return row | {"path": kept, "public": public["centre"]}

    first = night(50)
    assert (first["method"], first["is_trial"], first["rebased_because"]) == ("p'", False, None)
    alone, after = night(49), night(49, before=first["path"])
    assert alone["method"] == "xmr"
    assert [after[name] for name in ("method", "centre", "spread")] == [first[name] for name in ("method", "centre", "spread")]
    assert after["public"] == first["public"] == first["centre"]
    other = night(60, before=first["path"], policy="cms11")
    assert (other["centre"] == first["centre"], other["public"] == first["centre"]) == (True, False)
    rebase = Rebase(since=date(2025, 6, 1), why="new formulary", chosen_by="board")
    rebased = night(49, rebase, before=first["path"])
    assert (rebased["centre"] != first["centre"], rebased["rebased_because"]) == (True, "new formulary")
    assert night(60, rebase, before=rebased["path"])["centre"] == rebased["centre"]
    major = night(49, before=first["path"], version="2.0.0")
    said = "version 2.0.0 of the rule, used since 30 June 2026, judges all months anew"
    assert (major["method"], major["rebased_because"]) == ("xmr", said)
    assert night(60, before=major["path"], version="2.0.0")["centre"] == major["centre"]


def test_a_rule_that_describes_has_no_funnel() -> None:
    house = Published()
    house.rule("r")
    house.rule("s", kind="descriptive")
    for rule in ("r", "s"):
        for place in ("F1", "F2"):
            house.units(rule, "clear", 40, place=place)
    con = house.publish("none")
    charted(con, "none")
    assert con.execute("SELECT DISTINCT rule_id FROM mart.funnel_point").fetchall() == [("r",)]


def test_prescribers_with_few_units_have_counts_and_no_rate() -> None:
    house = Published()
    house.rule("r")
    house.units("r", "finding", 12)
    house.units("r", "clear", 17)
    rows = page(house.publish("none"), "worklist/rule/prescribers")
    assert [(row["numerator"], row["denominator"], row["rate"]) for row in rows] == [(12, 29, None)]
    house = Published()
    house.rule("r")
    house.units("r", "finding", 12)
    house.units("r", "clear", 18)
    assert page(house.publish("none"), "worklist/rule/prescribers")[0]["rate"] == pytest.approx(0.4)
