"""The doctor: every check in each of its states, and the index of the code lists that it reads made true."""

import csv
import os
import shutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from nightrounds.checkups import Check, codelists, disk, extract, own_lists, permissions
from nightrounds.cli import app
from nightrounds.codelists import INDEX, family_of
from nightrounds.doctor import packages
from nightrounds.errors import CheckFailedError
from nightrounds.project import Project
from nightrounds.run import Run
from nightrounds.site import Site

AS_OF = date(2026, 11, 22)
NIGHT = datetime(2026, 11, 22, 2)  # noqa: DTZ001 - UTC by convention
# A mark of a list is the weakest of its rows.
MARKS = ("not reviewed", "1 source", "2 sources")
Prepare = Callable[..., Run]


@pytest.fixture
def prepare(project: Project, tmp_path: Path) -> Prepare:
    """A run of a site that has a results' folder and an extract of one file, written an hour before the run."""
    out, delivery = tmp_path / "out", tmp_path / "extract"
    (out / "current" / "worklist").mkdir(parents=True)
    (out / "current" / "worklist").chmod(0o700)
    delivery.mkdir()
    (delivery / "labs.csv").write_text("lab_id\n", encoding="utf-8")
    for path in (out / "warehouse.duckdb", out / "current" / "nightrounds.duckdb"):
        path.touch(mode=0o600)

    def of(*, hours: float = 1, as_of: date = AS_OF, own: Path | None = None) -> Run:
        age(delivery / "labs.csv", hours)
        site = Site(name="test", extract=delivery, codelists=own)
        return Run(project, site, delivery, "native", out, out / "warehouse.duckdb", as_of, NIGHT)

    return of


def age(path: Path, hours: float) -> None:
    """Make a file so many hours older than the run."""
    seconds = (NIGHT - datetime(1970, 1, 1) - timedelta(hours=hours)).total_seconds()  # noqa: DTZ001 - UTC by convention
    os.utime(path, (seconds, seconds))


def states(checks: list[Check]) -> set[tuple[str, str]]:
    return {(check.about, check.state) for check in checks}


def test_places_that_can_be_written_and_are_closed_to_others_are_well(prepare: Prepare) -> None:
    assert states([*permissions(prepare())]) == {("out", "ok"), ("warehouse", "ok"), ("privacy", "ok")}


@pytest.mark.parametrize(
    ("name", "mode", "right"),
    [
        ("warehouse.duckdb", 0o644, "600"),
        ("current/worklist", 0o750, "700"),
        ("current/nightrounds.duckdb", 0o644, "640"),
        ("current/nightrounds.duckdb", 0o660, "640"),
    ],
)
def test_what_holds_patients_and_is_open_to_others_is_wrong(prepare: Prepare, name: str, mode: int, right: str) -> None:
    run = prepare()
    (run.out / name).chmod(mode)
    (wrong,) = [check for check in permissions(run) if check.state == "wrong"]
    assert wrong.found.endswith(f"Run chmod {right} {run.out / name}.")


def test_the_analysts_database_may_be_read_by_its_group(prepare: Prepare) -> None:
    run = prepare()
    (run.out / "current" / "nightrounds.duckdb").chmod(0o640)
    assert "wrong" not in {check.state for check in permissions(run)}


def test_a_place_that_cannot_be_written_is_wrong(prepare: Prepare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert {("out", "wrong"), ("warehouse", "wrong")} <= states([*permissions(prepare())])


def test_code_lists_past_their_review_are_looked_at(prepare: Prepare) -> None:
    assert states([*codelists(prepare())]) == {("code lists", "ok")}
    (late,) = codelists(prepare(as_of=date(2027, 6, 1)))
    assert late.state == "look"
    assert "drug_albumin" in late.found


def test_code_lists_that_cannot_be_read_are_wrong(prepare: Prepare, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "cond_falls.csv").write_text("code\n", encoding="utf-8")
    assert states([*codelists(prepare(own=own))]) == {("code lists", "wrong")}


def test_own_lists_are_as_old_as_their_files(tmp_path: Path) -> None:
    assert own_lists(tmp_path, AS_OF).state == "look"
    (tmp_path / "drug_baclofen.csv").touch()
    age(tmp_path / "drug_baclofen.csv", 24)
    assert own_lists(tmp_path, AS_OF).found == "1, the oldest of 2026-11-21"
    age(tmp_path / "drug_baclofen.csv", 24 * 400)
    assert own_lists(tmp_path, AS_OF).state == "look"


@pytest.mark.parametrize(("free", "state"), [(100 << 30, "ok"), (3 << 29, "look"), (1 << 29, "wrong")])
def test_the_disk_must_hold_a_run(prepare: Prepare, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, free))
    assert disk(prepare()).state == state


@pytest.mark.parametrize(("hours", "state"), [(1, "ok"), (25, "look"), (71, "look"), (73, "wrong")])
def test_an_extract_must_be_fresh(prepare: Prepare, hours: float, state: str) -> None:
    assert extract(prepare(hours=hours)).state == state


def test_an_extract_without_a_file_is_wrong(prepare: Prepare) -> None:
    run = prepare()
    (run.extract / "labs.csv").unlink()
    assert extract(run).state == "wrong"
    run.extract.rmdir()
    assert extract(run).state == "wrong"


def test_packages_must_be_the_locked_ones(tmp_path: Path) -> None:
    checkout = Project(tmp_path)
    assert packages(checkout, {"duckdb"}).state == "look"
    lock = tmp_path / "requirements.lock"
    lock.write_text("duckdb==2.0.0 \\\n    --hash=x\nnumpy==0.1 ; python_version < '3'\nabsent-one==1\n", encoding="utf-8")
    assert packages(checkout, {"duckdb"}).state == "look"
    assert packages(checkout, {"numpy"}).state == "wrong"
    assert "absent-one absent" in packages(checkout, {"absent-one"}).found
    lock.write_text("duckdb==2.0.0 ; python_version < '3'\nduckdb==9.9 ; python_version > '3'\n", encoding="utf-8")
    assert packages(checkout, {"duckdb"}).state == "ok"


def test_the_command_prints_a_line_a_check_and_fails_when_one_is_wrong(
    prepare: Prepare, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, file = prepare(), tmp_path / "site.toml"
    (run.extract / "labs.csv").touch()
    file.write_text(f'name = "North"\nextract = "{run.extract}"\nout = "{run.out}"\n', encoding="utf-8")
    app(["doctor", "--site", str(file)], result_action="return_value")
    said = capsys.readouterr().out
    assert {line.split()[0] for line in said.splitlines()} <= {"ok", "look"}
    assert "North" in said
    file.write_text('nmae = "North"\n', encoding="utf-8")
    with pytest.raises(CheckFailedError, match=r"checks are wrong: site file") as failed:
        app(["doctor", "--site", str(file)], result_action="return_value")
    assert failed.value.exit_code == 1
    assert "nmae" in capsys.readouterr().out


# --- the index of the code lists


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def index() -> dict[str, dict[str, str]]:
    folder = Path(__file__).parents[1] / "rules" / "codelists"
    return {row["list"]: row for row in rows(folder / f"{INDEX}.csv")}


def test_every_list_has_a_row_in_the_index_and_every_row_a_list(project: Project, index: dict[str, dict[str, str]]) -> None:
    files = {path.stem: path for path in (project.rules / "codelists").glob("*.csv") if path.stem != INDEX}
    assert list(index) == sorted(files)
    assert {name: row["family"] for name, row in index.items()} == {name: family_of(path) for name, path in files.items()}


def test_the_index_says_the_sources_and_the_mark_of_every_list(project: Project, index: dict[str, dict[str, str]]) -> None:
    for name, row in index.items():
        assert row["checked"] in MARKS, name
        assert row["sources"], name
        content = rows(project.rules / "codelists" / f"{name}.csv")
        if "checked" in content[0]:
            sources = {part for entry in content for part in entry["source"].split(" + ")}
            assert set(row["sources"].split(" + ")) == sources, name
            assert row["checked"] == min((entry["checked"] for entry in content), key=MARKS.index), name


def test_every_list_has_a_day_of_review_before_the_next(index: dict[str, dict[str, str]]) -> None:
    for name, row in index.items():
        reviewed, due = date.fromisoformat(row["reviewed_on"]), date.fromisoformat(row["review_due"])
        assert reviewed < due <= reviewed + timedelta(days=366), name
        assert not row["as_of"] or date.fromisoformat(row["as_of"]) <= reviewed, name
