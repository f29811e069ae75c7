"""What a site file adds to charts: groups of prescribers and remarks; and what a rule's new version does to them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from conftest import ask, changed
from nightrounds.errors import NightroundsError
from nightrounds.run import Run
from nightrounds.site import Annotation, Site

Audit = Callable[..., Run]
Make = Callable[..., Path]


def page(run: Run, area: str) -> str:
    """Return the text of the rule's page."""
    return (run.out / "current" / area / "rules" / "long_courses.html").read_text(encoding="utf-8")


def test_groups_of_prescribers_are_counted_when_the_site_names_them(audited: Audit, made: Make, tmp_path: Path) -> None:
    made("long_courses")
    groups = tmp_path / "groups.csv"
    groups.write_text("prescriber_id,group\nnobody,east wing\n", encoding="utf-8")
    named = audited(site=Site(name="test", prescriber_groups=groups, disclosure="none"))
    assert ask(named, "SELECT DISTINCT cell FROM mart.outcome_count WHERE breakdown = 'group'") == [("in no group",)]
    assert "By prescriber group" in page(named, "dashboard")
    without = audited(site=Site(name="test", disclosure="none"))
    assert ask(without, "SELECT count(*) FROM mart.outcome_count WHERE breakdown = 'group'") == [(0,)]
    assert "By prescriber group" not in page(without, "dashboard")


@pytest.mark.parametrize("content", [None, "doctor,team\na,b\n"])
def test_groups_that_cannot_be_read_are_refused(audited: Audit, tmp_path: Path, content: str | None) -> None:
    groups = tmp_path / "groups.csv"
    if content:
        groups.write_text(content, encoding="utf-8")
    with pytest.raises(NightroundsError, match="prescriber groups"):
        audited(site=Site(name="test", prescriber_groups=groups))


def test_remarks_and_new_versions_stand_under_the_charts_of_their_rule(audited: Audit, made: Make) -> None:
    folder = made("long_courses")
    remarks = [
        Annotation(day=date(2026, 5, 2), text="<b>new alert", rule="long_courses"),
        Annotation(day=date(2026, 5, 3), text="for every rule"),
        Annotation(day=date(2019, 5, 3), text="long ago"),
    ]
    site = Site(name="test", annotations=remarks, disclosure="none")
    first = audited(site=site)
    for area in ("dashboard", "worklist"):
        text = page(first, area)
        assert "<bdi>&lt;b&gt;new alert</bdi>" in text
        assert "<bdi>for every rule</bdi>" in text
        assert "long ago" not in text
        assert "rule version" not in text
    (version,) = ask(first, "SELECT version FROM audit.rules")[0]
    changed(folder, (f'version = "{version}"', 'version = "9.0.0"'))
    second = audited(site=site)
    runs = ask(second, "SELECT first_run, version FROM audit.rule_versions ORDER BY ALL")
    assert runs == [(first.run_id, version), (second.run_id, "9.0.0")]
    assert "rule version 9.0.0 is used" in page(second, "dashboard")
