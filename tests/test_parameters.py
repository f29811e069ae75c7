"""Parameters: what a site may set, what it is told when it sets something else, and the rate of a rule under other settings."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import AS_OF, Change, ask, changed, page
from nightrounds.database import connect
from nightrounds.errors import NightroundsError
from nightrounds.parameters import Behind, check_choices
from nightrounds.pipeline import run_audit
from nightrounds.project import Project
from nightrounds.rules import load_rule, load_rules
from nightrounds.run import Run, new_run
from nightrounds.site import Choice, Site, load_site
from nightrounds.sqlfiles import layers, sql_files

Make = Callable[..., Path]
DESCRIBED: dict[str, dict[str, object]] = {
    "days": {"default": 60}, "share": {"default": 0.5}, "region": {"default": "us", "one_of": ["us", "uk"]},
    "drugs": {"default": ["baclofen"]}, "strict": {"default": True},
}  # fmt: skip


def chosen(**values: object) -> dict[str, Choice]:
    return {name: Choice.model_validate({"value": value, "chosen_by": "P&T", "why": "Ours."}) for name, value in values.items()}


# What a site may set


@pytest.mark.parametrize(
    "value", [{"days": 0}, {"share": 1}, {"share": 0.7}, {"region": "uk"}, {"drugs": ["quinine"]}, {"strict": False}]
)
def test_a_value_like_the_default_is_taken(value: dict[str, object]) -> None:
    check_choices(DESCRIBED, chosen(**value), "facts")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"dayz": 60}, r"sets facts\.dayz, which does not exist\. Parameters there: days, drugs"),
        ({"days": "60"}, r"sets facts\.days to '60'\. Write it like 60"),
        ({"days": 60.5}, "Write it like 60"),
        ({"days": True}, "Write it like 60"),
        ({"strict": 1}, "Write it like True"),
        ({"drugs": "quinine"}, "Write it like"),
        ({"region": "UK"}, "Use one of us, uk"),
    ],
)
def test_any_other_value_is_refused(value: dict[str, object], told: str) -> None:
    with pytest.raises(NightroundsError, match=told):
        check_choices(DESCRIBED, chosen(**value), "facts")


@pytest.mark.parametrize(
    ("site", "told"),
    [
        (Site(facts=chosen(gap_dayz=15)), r"facts\.gap_dayz, which does not exist"),
        (Site(rules={"no_rule": chosen(days=15)}), "no_rule, which is no rule"),
        (Site(rules={"quinine_without_indication": chosen(region="gb")}), "Use one of us, uk"),
    ],
)
def test_a_wrong_choice_is_told_before_any_work_is_done(project: Project, extract: Path, site: Site, told: str) -> None:
    with pytest.raises(NightroundsError, match=told):
        new_run(project, site, extract)
    with pytest.raises(NightroundsError, match=told):
        load_rules(project.rules, site)


def test_every_parameter_of_the_project_can_be_set_from_a_file(project: Project, tmp_path: Path) -> None:
    lines = ["[facts]", *(_line(name, p["default"]) for name, p in _facts(project).items())]
    for rule in load_rules(project.rules):
        lines += [f"[rules.{rule.rule_id}]", *(_line(name, p["default"]) for name, p in rule.parameters.items())]
    (tmp_path / "site.toml").write_text("\n".join(lines), encoding="utf-8")
    site = load_site(tmp_path / "site.toml")
    for rule in load_rules(project.rules, site):
        assert all(choice.chosen_by == "P&T" for choice in rule.choices(site).values())
    assert set(site.facts) == set(_facts(project))


def _line(name: str, value: object) -> str:
    return f'{name} = {{ value = {str(value).lower() if isinstance(value, bool) else repr(value)}, chosen_by = "P&T", why = "Ours." }}'


def _facts(project: Project) -> dict[str, dict[str, object]]:
    from nightrounds.parameters import shared_parameters

    return shared_parameters(project.rules)


def test_the_pages_print_default_value_who_chose_it_and_why(audited: Callable[..., Run], made: Make) -> None:
    made("long_course")
    ours = {"longest_days": Choice(value=20, chosen_by="P&T", why="We see them monthly.")}
    shared = {"gap_days": Choice(value=15, chosen_by="Pharmacy", why="Refills are early here.")}
    run = audited(site=Site(name="test", rules={"long_course": ours}, facts=shared))
    assert ask(run, "SELECT numerator FROM mart.rule_summary") == [(40,)]
    rows = ask(
        run, "SELECT rule_id, default_value, value, chosen_by FROM audit.parameters WHERE name IN ('longest_days', 'gap_days')"
    )
    assert sorted(rows, key=str) == [("long_course", "90", "20", "P&T"), (None, "30", "15", "Pharmacy")]
    for name in ("dashboard/rules/long_course", "worklist/rules/long_course"):
        text = page(run, name)
        for said in (
            '<strong>20</strong></td><td class="n">90</td><td>days, at most</td><td>P&amp;T</td><td>We see them monthly.</td>',
            '<strong>15</strong></td><td class="n">30</td><td>days</td><td>Pharmacy</td><td>Refills are early here.</td>',
            "<code>gap_days</code><div class=\"under\">shared with other rules</div>",
        ):  # fmt: skip
            assert said in text, said
        assert "pregnancy_days" not in text


def test_what_a_rule_rests_on_is_told_by_its_files(project: Project) -> None:
    """The quick reading of the files agrees with the parser's, and finds what is two layers away."""
    behind = Behind(project.sql)
    for schema in ("clean", "facts"):
        for file in [f for layer in layers(project.sql / schema) for f in layer] + sql_files(project.sql / schema / "views"):
            read = {table for table in file.tables if table.split(".")[0] in ("clean", "facts")}
            assert behind.reads(f"{schema}.{file.table}") == read, file.path
    rule = load_rule(project.rules / "leg_cramps" / "magnesium_renal_insufficiency")
    assert {"gap_days", "assumed_days", "dialysis_days"} <= behind.parameters(rule.sql)


# Other settings

VARIED = "# [sensitivity]\n# longest_days = [60, 90, 180]"


def test_a_rule_is_tried_under_other_settings(audited: Callable[..., Run], made: Make) -> None:
    made("long_course", (VARIED, "[sensitivity]\nlongest_days = [20, 90, 180]"))
    run = audited()
    rows = ask(
        run, "SELECT row_value, column_parameter, in_force, numerator, denominator FROM mart.rule_sensitivity ORDER BY setting"
    )
    assert rows == [("20", None, False, 40, 40), ("90", None, True, 10, 40), ("180", None, False, 0, 40)]
    assert ask(run, "SELECT DISTINCT row_parameter FROM mart.rule_sensitivity") == [("longest_days",)]
    shown = ask(run, "SELECT row_value, rate, shown FROM mart.public_rule_sensitivity ORDER BY setting")
    # Ten findings are few: the rule's own rate is hidden, and with it every other.
    assert shown == [("20", None, "not shown"), ("90", None, "not shown"), ("180", None, "not shown")]
    assert ask(run, "SELECT count(*) FROM audit.rules WHERE settings_seconds > 0") == [(1,)]
    # What the site chose is among the settings.
    run = audited(site=Site(name="test", disclosure="none", rules={"long_course": chosen(longest_days=45)}))
    assert ask(run, "SELECT row_value, in_force FROM mart.rule_sensitivity ORDER BY setting") == [
        ("20", False), ("45", True), ("90", False), ("180", False),
    ]  # fmt: skip
    assert '<strong>25.0%</strong> <span class="under">in force</span>' in page(run, "dashboard/rules/long_course")


@pytest.mark.parametrize(("times", "shown"), [(1, [None, None, None]), (5, [1.0, 0.48, 0.0])])
def test_settings_that_differ_by_few_patients_cannot_be_told_apart(
    audited: Callable[..., Run], made: Make, extract: Path, times: int, shown: list[float | None]
) -> None:
    """Of 40 units no rate is told; of 200 it is told in steps of 6 per cent, which is 12 units."""
    made("long_course", (VARIED, "[sensitivity]\nlongest_days = [20, 29, 45]"), ("default = 90", "default = 29"))
    for name in ("patients", "prescriptions"):
        head, *rows = (extract / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        half = [row.replace(",30,", ",25,").replace(",100,", ",25,") for row in rows[:20]]
        copies = [
            row.replace("rx", f"rx{n}-").replace("canary-", f"canary-{n}-") for n in range(times) for row in half + rows[20:]
        ]
        (extract / f"{name}.csv").write_text("\n".join([head, *copies, ""]), encoding="utf-8")
    run = audited()
    counts = ask(run, "SELECT numerator FROM mart.rule_sensitivity ORDER BY setting")
    assert counts == [(40 * times,), (20 * times,), (0,)]
    assert [rate for (rate,) in ask(run, "SELECT rate FROM mart.public_rule_sensitivity ORDER BY setting")] == shown
    assert ('<strong>48%</strong> <span class="under">in force</span>' in page(run, "dashboard/rules/long_course")) is (
        times == 5
    )
    names = ask(run, "SELECT column_name FROM docs.columns WHERE table_name = 'public_rule_sensitivity'")
    assert not {"numerator", "denominator", "units"} & {name for (name,) in names}


def test_a_number_is_added_to_a_date_and_words_are_words_under_every_setting(audited: Callable[..., Run], made: Make) -> None:
    added = ("length_days > $longest_days", "start_date + $longest_days <= end_date AND $region = 'us'")
    region = '[parameters.region]\ndefault = "us"\none_of = ["us", "uk"]\nunit = "us or uk"\nchosen_by = "us"\nwhy = "So."\n\n'
    made("long_course", added, (VARIED, f'{region}[sensitivity]\nlongest_days = [20, 90]\nregion = ["us", "uk"]'))
    query = "SELECT row_value, column_value, numerator FROM mart.rule_sensitivity ORDER BY setting"
    assert ask(audited(), query) == [("20", "uk", 0), ("20", "us", 40), ("90", "uk", 0), ("90", "us", 10)]


GAPS: tuple[Change, ...] = (
    (VARIED, '[sensitivity]\ningredients = ["baclofen"]\nlongest_days = [60, 90]\ngap_days = [10, 30]'),
    ("length_days > $longest_days", "length_days > $longest_days + 0 * $gap_days"),
)


def test_facts_are_built_again_where_their_parameter_is_varied(audited: Callable[..., Run], made: Make, extract: Path) -> None:
    """Two courses of 40 days, 20 days apart, are one of 100 days unless gaps may not be longer than 10; other drugs do not matter."""
    folder = made("long_course", *GAPS)
    (extract / "patients.csv").write_text(
        "patient_id,birth_date,sex\na,1950-01-01,female\nb,1950-01-01,female\n", encoding="utf-8"
    )
    (extract / "prescriptions.csv").write_text(
        "prescription_id,patient_id,drug_name,start_date,days_supply,status\n"
        "1,a,baclofen 10 MG Oral Tablet,2026-01-01,40,active\n2,a,baclofen 10 MG Oral Tablet,2026-03-02,40,active\n"
        "3,b,quinine sulfate 324 MG Oral Capsule,2026-01-01,40,active\n",
        encoding="utf-8",
    )
    run = audited()
    query = "SELECT row_value, column_value, in_force, numerator, denominator FROM mart.rule_sensitivity ORDER BY setting"
    grid = [("60", "10", False, 0, 2), ("60", "30", False, 1, 1), ("90", "10", False, 0, 2), ("90", "30", True, 1, 1)]
    assert ask(run, query) == grid
    changed(folder, ('ingredients = ["baclofen"]\n', ""))
    assert ask(audited(), query) == grid
    changed(folder, ("[sensitivity]\n", '[sensitivity]\ningredients = ["quinine"]\n'))
    assert {row[3:] for row in ask(audited(), query)} == {(0, 0)}


def test_the_engine_s_exclusions_hold_under_other_settings(audited: Callable[..., Run], made: Make, extract: Path) -> None:
    made("long_course", (VARIED, "[sensitivity]\nlongest_days = [20, 90]"))
    path = extract / "patients.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("canary-00,1950-01-01", "canary-00,2015-01-01"), encoding="utf-8")
    run = audited()
    assert ask(run, "SELECT numerator, excluded FROM mart.rule_sensitivity ORDER BY setting") == [(39, 1), (9, 1)]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("dream_days = [1, 2]", "varies 'dream_days', which is no parameter"),
        ("longest_days = [1, 2]\ngap_days = [1, 2]\nnew_days = [1, 2]", "varies no parameter or too many"),
        ('ingredients = ["baclofen"]', "varies no parameter or too many"),
    ],
)
def test_settings_that_cannot_be_tried_are_refused(made: Make, asked: str, told: str) -> None:
    with pytest.raises(NightroundsError, match=told):
        load_rule(made("long_course", (VARIED, f"[sensitivity]\n{asked}")))


def test_the_grid_of_abrupt_stops_holds_the_rule_s_own_rate(project: Project, tmp_path: Path) -> None:
    """On the sample: nine settings, and the one in force gives what the rule itself gave, outcome by outcome."""
    run = new_run(project, Site(name="test"), project.samples / "native", out=tmp_path, as_of=AS_OF)
    run_audit(run)
    with connect(run.warehouse) as con:
        mine = "FROM mart.rule_sensitivity WHERE rule_id = 'baclofen_abrupt_stop'"
        assert con.execute(f"SELECT count(*), count(DISTINCT row_value), count(DISTINCT column_value) {mine}").fetchall() == [
            (9, 3, 3)
        ]
        columns = "numerator, clear, excluded, not_evaluable, pending"
        tried = con.execute(f"SELECT {columns} {mine} AND in_force").fetchall()
        assert tried == con.execute(f"SELECT {columns} FROM mart.rule_summary WHERE rule_id = 'baclofen_abrupt_stop'").fetchall()
        widest, narrowest = con.execute(f"SELECT units {mine} AND column_value = '30' ORDER BY setting").fetchall()[::2]
        assert widest > narrowest
