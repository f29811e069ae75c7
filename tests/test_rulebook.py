"""Rules as content: a companion pack, a rule started from the pattern, distributions, and what each kind may and may not do.

A small checkout is made for each test: the project's own SQL and pages, and a rule or two of the test's own.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Change, ask, changed, page
from nightrounds.cli import app
from nightrounds.errors import NightroundsError
from nightrounds.project import Project
from nightrounds.rulebook import preview_rule
from nightrounds.rules import load_rule, load_rules
from nightrounds.rulestart import new_rule
from nightrounds.run import Run
from nightrounds.terminal import print_results
from nightrounds.trials import run_cases

Make = Callable[..., Path]


# A rule that is started


@pytest.mark.parametrize("pack", ["leg_cramps", "companion"])
def test_a_new_rule_is_loaded_and_its_cases_pass_at_once(checkout: Project, made: Make, pack: str) -> None:
    rule = load_rule(made("long_course", pack=pack))
    assert (rule.companion, bool(rule.about["statements"])) == (pack == "companion", pack != "companion")
    results = run_cases(checkout, rule)
    assert len(results) > 1
    assert [problem for result in results for problem in result.problems] == []


def test_a_new_rule_explains_every_key(project: Project) -> None:
    from nightrounds.rulechecks import KEYS

    text = (project.rules / "_new" / "rule.toml").read_text(encoding="utf-8")
    told = re.findall(r"^(?:# )?\[?(\w+)(?:\.\w+)?(?:\]| = )", text, re.MULTILINE)
    assert set(KEYS) <= set(told)


@pytest.mark.parametrize(
    ("name", "pack", "told"),
    [
        ("Long Course", "leg_cramps", "cannot be the name of a rule"),
        ("../long", "leg_cramps", "cannot be the name of a rule"),
        ("_long", "leg_cramps", "cannot be the name of a rule"),
        ("long_course", "arm_cramps", "There is no pack 'arm_cramps'"),
        ("long_course", "codelists", "There is no pack 'codelists'"),
        ("taken", "companion", "There is a rule 'taken' already"),
    ],
)
def test_a_rule_that_cannot_be_started_is_refused(checkout: Project, made: Make, name: str, pack: str, told: str) -> None:
    made("taken")
    with pytest.raises(NightroundsError, match=told):
        new_rule(name, pack, checkout.root)
    assert [rule.rule_id for rule in load_rules(checkout.rules)] == ["taken"]


def test_the_command_tells_what_to_do_next(checkout: Project, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        app(["rules", "new", "long_course", "--project", str(checkout.root)], exit_on_error=False)
    assert ended.value.code in (0, None)
    told = capsys.readouterr().out
    assert "rules test long_course" in told
    assert "rules preview long_course" in told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('statements = ["S08"]', "statements = []"), "names no statement"),
        (('kind = "safety"', 'kind = "danger"'), "has the kind 'danger'"),
        (('title = "', 'heading = "'), "unknown key 'heading'"),
        (('uses = {}\n', ""), None),
        (('written_by = "your name"\n', ""), "has no 'written_by'"),
        (("act_within = 30", 'act_within = "30"'), "'act_within' of the wrong type"),
        (("uses = {}", "uses = { dreams = {} }"), "unknown feed 'dreams'"),
        (('version = "0.1.0"', 'version = "0.1.0"\nhospice = "exclude"'), "keys in another order"),
        (("$longest_days", "90"), "does not use the parameter"),
        (("$longest_days", "$longest_days + $other"), "which rule.toml does not define"),
        (("FROM facts.exposures", "FROM mart.worklist"), "reads mart.worklist"),
        (("default = 90\n", ""), "describes the parameter 'longest_days' wrongly"),
        (("# [sensitivity]\n# longest_days = [60, 90, 180]", "[sensitivity]\nlongest_days = [60]"), "varies 'longest_days' wrongly"),
        (("# [sensitivity]\n# longest_days = [60, 90, 180]", '[sensitivity]\nlongest_days = [60, "90"]'), "varies 'longest_days' wrongly"),
    ],
)  # fmt: skip
def test_a_rule_is_refused_with_the_reason(made: Make, change: Change, told: str | None) -> None:
    folder = made("long_course", change)
    if told is None:
        assert load_rule(folder).uses == []
        return
    with pytest.raises(NightroundsError, match=re.escape(told)):
        load_rule(folder)


# Companions


def test_a_companion_rule_that_names_a_statement_is_refused(made: Make) -> None:
    folder = made("beside", ("statements = []", 'statements = ["S08"]'), pack="companion")
    with pytest.raises(NightroundsError, match="companion rule that names a statement"):
        load_rule(folder)


def test_companion_rules_stand_apart_and_are_labelled(audited: Callable[..., Run], made: Make) -> None:
    made("a_beside", ('title = "Baclofen', 'title = "Beside: baclofen'), pack="companion")
    made("within")
    run = audited()
    assert ask(run, "SELECT rule_id, companion FROM audit.rules ORDER BY position") == [("within", False), ("a_beside", True)]
    assert ask(run, "SELECT DISTINCT rule_id, companion FROM mart.worklist ORDER BY ALL") == [
        ("a_beside", True),
        ("within", False),
    ]
    index = page(run, "dashboard/index")
    assert "<strong>1 of 1</strong><span>guideline rules were run</span>" in index
    assert "<strong>1 of 1</strong><span>companion rules were run, told apart below</span>" in index
    heading = index.index("Companion rules, beyond the guideline</h2>")
    assert index.index("rules/within.html") < heading < index.index("rules/a_beside.html")
    assert index.count("Companion rate") == 1
    assert "of the companion pack, beyond the guideline" in page(run, "dashboard/rules/a_beside")
    assert "companion" not in page(run, "dashboard/rules/within").replace("a_beside</code> 0.1.0, companion", "")
    worklist = page(run, "worklist/index")
    assert worklist.count("beyond the guideline") == 1 + ask(run, "SELECT count(*) FROM mart.worklist WHERE companion")[0][0]


def test_the_terminal_shows_companions_in_a_table_of_their_own(
    audited: Callable[..., Run], made: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    made("a_beside", pack="companion")
    made("within")
    run = audited()
    capsys.readouterr()
    print_results(run)
    told = capsys.readouterr().out
    assert told.index("within") < told.index("companion rule, beyond the guideline") < told.index("a_beside")


# Kinds


def test_a_rule_of_documentation_gives_a_rate_and_no_work(audited: Callable[..., Run], made: Make) -> None:
    made("noted", ('kind = "safety"', 'kind = "documentation"'), ("act_within = 30", "act_within = 3650"))
    made("acted_on", ("act_within = 30", "act_within = 3650"))
    audited()
    run = audited()
    assert ask(run, "SELECT rule_id, numerator, denominator FROM mart.rule_summary ORDER BY ALL") == [
        ("acted_on", 10, 40), ("noted", 10, 40),
    ]  # fmt: skip
    assert ask(run, "SELECT rule_id, count(*) FILTER (open) FROM audit.results GROUP BY ALL ORDER BY ALL") == [
        ("acted_on", 10),
        ("noted", 0),
    ]
    assert ask(run, "SELECT DISTINCT rule_id, open, state, resolved_reason FROM audit.findings ORDER BY ALL") == [
        ("acted_on", True, "persisting", None), ("noted", False, "persisting", None),
    ]  # fmt: skip
    assert ask(run, "SELECT DISTINCT rule_id FROM mart.worklist") == [("acted_on",)]
    assert not (run.out / "current" / "worklist" / "rules" / "noted.html").exists()
    assert "noted" not in page(run, "worklist/index").split("<footer>", maxsplit=1)[0]


def test_a_descriptive_rule_that_returns_a_finding_is_refused(audited: Callable[..., Run], made: Make) -> None:
    made("described", ('kind = "safety"', 'kind = "descriptive"'))
    with pytest.raises(NightroundsError, match=r"returns a finding, and the rule is descriptive \(10 times\)"):
        audited()


COUNTED = (
    ('kind = "safety"', 'kind = "descriptive"'),
    ("THEN 'finding'", "THEN 'clear'"),
    (
        "    newness\n",
        "    CASE WHEN patient_id < 'canary-15' THEN TRUE WHEN patient_id < 'canary-28' THEN FALSE END AS \"any\"\n",
    ),
    ('# distribution = ["newness"]', 'distribution = ["any"]'),
)


def test_a_descriptive_rule_reports_a_distribution(audited: Callable[..., Run], made: Make) -> None:
    made("described", *COUNTED)
    run = audited()
    rows = ask(run, "SELECT rule_id, measure, value, units, share FROM mart.rule_distribution ORDER BY value")
    assert rows == [
        ("described", "any", "false", 13, 13 / 40), ("described", "any", "not recorded", 12, 12 / 40),
        ("described", "any", "true", 15, 15 / 40),
    ]  # fmt: skip
    shown = page(run, "dashboard/rules/described")
    assert re.search(r'<th scope="row">yes</th> <td class="n"> ?15 ?</td> <td class="n"> ?37.5% ?</td>', shown)
    assert "describes, no rate" in shown
    assert '<th scope="col" class="n">Finding</th>' not in shown


def test_small_values_of_a_distribution_are_hidden_and_covered(audited: Callable[..., Run], made: Make) -> None:
    folder = made("described", *COUNTED)
    sql = folder / "rule.sql"
    sql.write_text(sql.read_text(encoding="utf-8").replace("'canary-28'", "'canary-35'"), encoding="utf-8")
    run = audited()
    # 15, 20 and 5: the 5 is small, and one of the others is withheld, or the sum would give it back.
    shown = ask(run, "SELECT cell, clear_shown FROM mart.public_breakdown WHERE breakdown = 'by any' ORDER BY cell")
    assert shown == [("false", "withheld"), ("not recorded", "<11"), ("true", "15")]
    text = page(run, "dashboard/rules/described")
    assert ">20 " not in text
    with (run.out / "current" / "dashboard" / "public_breakdown.csv").open(encoding="utf-8") as file:
        assert not re.search(r"described,by any,(false|not recorded),.*\b(20|5)\b", file.read())


def test_a_rule_with_findings_has_a_rate_for_each_value(audited: Callable[..., Run], made: Make) -> None:
    old, new = "    newness\n", "    if(patient_id < 'canary-20', 'early', 'late') AS half\n"
    made("long_course", (old, new), ('# distribution = ["newness"]', 'distribution = ["half"]'))
    run = audited()
    rows = ask(run, "SELECT value, units, numerator, rate, all_units FROM mart.rule_distribution ORDER BY value")
    assert rows == [("early", 20, 10, 0.5, 20), ("late", 20, 0, 0, 20)]


def test_a_distribution_keeps_the_most_frequent_values(audited: Callable[..., Run], made: Make) -> None:
    old, new = "    newness\n", "    if(patient_id < 'canary-20', 'many', patient_id) AS who\n"
    made("long_course", (old, new), ('# distribution = ["newness"]', 'distribution = ["who"]'))
    values = dict(ask(audited(), "SELECT value, units FROM mart.rule_distribution"))
    assert len(values) == 21
    assert (values["many"], values["other values"]) == (20, 1)


@pytest.mark.parametrize(
    ("column", "told"), [("dreams", "returns no column 'dreams'"), ("patient_id", "counts the values of patient_id")]
)
def test_only_columns_of_evidence_are_counted(audited: Callable[..., Run], made: Make, column: str, told: str) -> None:
    made("long_course", ('# distribution = ["newness"]', f'distribution = ["{column}"]'))
    with pytest.raises(NightroundsError, match=told):
        audited()


# Conflicts


def test_a_conflict_is_printed_with_the_rule_and_on_each_of_its_findings(audited: Callable[..., Run], made: Make) -> None:
    made("disputed", ("conflicts = []", 'conflicts = ["Some say otherwise."]'), ("act_within = 30", "act_within = 3650"))
    made("agreed", ("act_within = 30", "act_within = 3650"))
    run = audited()
    assert page(run, "dashboard/rules/disputed").count("Some say otherwise.") == 1
    assert page(run, "worklist/rules/disputed").count("Sources disagree.</strong> Some say otherwise.") == 10
    assert "Some say otherwise." not in page(run, "worklist/rules/agreed")
    assert page(run, "worklist/index").count("published sources disagree") == 10
    table = (run.out / "current" / "worklist" / "findings.csv").read_text(encoding="utf-8")
    assert table.count("Some say otherwise.") == 10


# A preview


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def previewed(checkout: Project, run: Run, capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    """Preview the rule; the lines that are told."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        app(["rules", "preview", "long_course", "--out", str(run.out), "--project", str(checkout.root), *options])
    assert ended.value.code in (0, None)
    return [line.strip() for line in capsys.readouterr().out.splitlines()]


def test_a_preview_lists_who_enters_who_leaves_and_who_changes(
    audited: Callable[..., Run], checkout: Project, made: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made("long_course")
    run = audited()
    before = snapshot(run.out)
    assert {"0 enters: would be found and is not now", "finding             10 -> 10"} <= set(previewed(checkout, run, capsys))
    changed(
        folder,
        ("default = 90", "default = 29"),
        ("'low' AS severity", "'high' AS severity"),
        ('version = "0.1.0"', 'version = "0.2.0"'),
    )
    told = previewed(checkout, run, capsys)
    for line in (
        "Names patients: for the care team only. Nothing was written.",
        "long_course: in the last run version 0.1.0, now version 0.2.0",
        "longest_days: 90 -> 29",
        "finding             10 -> 40",
        "30 enters: would be found and is not now",
        "canary-10  2026-03-01  clear -> finding high  baclofen 10 MG Oral Tablet from 2026-03-01 to 2026-03-30, 30 days in all.",
        "0 leaves: is found now and would not be",
        "10 changes: changes severity",
        "canary-00  2026-03-01  finding low -> finding high  baclofen 10 MG Oral Tablet from 2026-03-01 to 2026-06-08, 100 days in all.",
    ):
        assert line in told, line
    changed(folder, ("default = 29", "default = 100"))
    assert "canary-00  2026-03-01  finding low -> clear  not long" in previewed(checkout, run, capsys)
    assert snapshot(run.out) == before


def test_a_preview_lists_fifty_or_all(
    audited: Callable[..., Run],
    checkout: Project,
    made: Make,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nightrounds.rulebook.LISTED", 3)
    run = audited()
    made("long_course")
    told = previewed(checkout, run, capsys)
    assert "long_course: in the last run not there, now version 0.1.0" in told
    assert "... and 7 more; list them with --all" in told
    assert sum(line.startswith("canary") for line in previewed(checkout, run, capsys, "--all")) == 10


def test_a_preview_tells_what_keeps_the_rule_from_being_run(
    audited: Callable[..., Run], checkout: Project, made: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made("long_course")
    run = audited()
    changed(folder, ("prescriptions = {} }", "prescriptions = {}, procedures = {} }"))
    assert "It would not be run. The feed procedures was not delivered." in previewed(checkout, run, capsys)


def test_a_preview_needs_a_run_and_a_rule(checkout: Project, made: Make, tmp_path: Path) -> None:
    made("long_course")
    for rule, told in (("long_course", "There is no warehouse"), ("short_course", "There is no rule 'short_course'")):
        with pytest.raises(NightroundsError, match=told):
            preview_rule(rule, tmp_path, None, checkout.root, everything=False)


# The manifest


def test_the_manifest_says_how_long_each_rule_took(audited: Callable[..., Run], made: Make) -> None:
    made("long_course")
    run = audited()
    manifest = json.loads((run.out / "current" / "manifest.json").read_text(encoding="utf-8"))
    assert [rule["rule_id"] for rule in manifest["rules"] if rule["seconds"] >= 0] == ["long_course"]
