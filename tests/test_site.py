"""The site file: what it says is taken, what it cannot mean is refused in a sentence, and nothing in it is ignored in silence."""

from pathlib import Path

import pytest

from nightrounds.errors import NightroundsError
from nightrounds.project import Project
from nightrounds.run import new_run
from nightrounds.site import load_site


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "site.toml"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[limits]\nquarantined = nan", "limits.quarantined"),
        ("[limits]\nquarantined = 5", "limits.quarantined"),
        ("[limits]\nshrinkage = -0.2", "limits.shrinkage"),
        ("[limits]\nstale_days = -1", "limits.stale_days"),
        ("[limits.feeds]\nlabs = nan", "limits.feeds.labs"),
        ("keep = 0", "keep"),
        ("keep = -1", "keep"),
        ("daily_cap = 0", "daily_cap"),
        ("threads = 0", "threads"),
        ('memory_limit = "lots"', "memory_limit"),
        ('name = ""', "name"),
        ('nmae = "Riverside"', "nmae"),
    ],
)
def test_what_a_setting_cannot_be_is_refused(file: Path, text: str, told: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(NightroundsError, match=f"The setting '{told}' of the site is wrong"):
        load_site(file)


@pytest.mark.parametrize("text", ["3GiB", "3.5 GB", "800MB", "80%"])
def test_memory_is_said_as_the_database_says_it(file: Path, text: str) -> None:
    file.write_text(f'memory_limit = "{text}"', encoding="utf-8")
    assert load_site(file).memory_limit == text


@pytest.mark.parametrize("content", [b"name = 'K\xf6ln'", b"name = ", b"\x00"], ids=["not UTF-8", "broken", "NUL"])
def test_a_file_that_is_no_toml_is_told_in_a_sentence(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(NightroundsError, match="cannot be read"):
        load_site(file)


def test_the_environment_stands_above_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('name = "file"\n[limits]\nstale_days = 9\nshrinkage = 0.5\n', encoding="utf-8")
    monkeypatch.setenv("NIGHTROUNDS_NAME", "environment")
    monkeypatch.setenv("NIGHTROUNDS_LIMITS__STALE_DAYS", "4")
    site = load_site(file)
    assert (site.name, site.limits.stale_days, site.limits.shrinkage) == ("environment", 4, 0.5)


def test_a_variable_that_cannot_be_read_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTROUNDS_LIMITS", "a lot")
    with pytest.raises(NightroundsError, match="limits"):
        load_site(None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[limits.feeds]\nlab = 0.5", "limits.feeds.lab, which is no feed"),
        ('[[annotations]]\nday = 2026-03-01\nrule = "quinnine"\ntext = "x"', "quinnine, which is no rule"),
        ('[[rebases.quinnine]]\nsince = 2026-03-01\nwhy = "x"\nchosen_by = "y"', "quinnine, which is no rule"),
    ],
    ids=["a limit", "a remark", "new limits of a chart"],
)
def test_a_name_that_nobody_knows_is_refused(file: Path, project: Project, text: str, told: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(NightroundsError, match=told):
        new_run(project, load_site(file), file.parent)


@pytest.mark.parametrize("reason", ["", "  "])
def test_the_gate_is_not_opened_without_a_reason(project: Project, tmp_path: Path, reason: str) -> None:
    with pytest.raises(NightroundsError, match="for a reason only"):
        new_run(project, load_site(None), tmp_path, accept_gate=reason)
