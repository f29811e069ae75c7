"""The end of a run, at whatever moment the machine stops: the complete results take yesterday's place, or nothing does."""

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from nightrounds import pipeline
from nightrounds.database import connect
from nightrounds.errors import NightroundsError
from nightrounds.holding import hold
from nightrounds.pipeline import take
from nightrounds.project import Project
from nightrounds.releasing import clear, release
from nightrounds.run import Run, new_run
from nightrounds.site import Site


class StoppedError(BaseException):
    """The machine stops: nothing after it happens."""


@pytest.fixture
def night(project: Project, tmp_path: Path) -> Callable[..., Run]:
    """A run in the year given, whose results are a file each for its warehouse and its page: the year."""

    def made(year: int, **settings: object) -> Run:
        started = datetime(year, 7, 1, 2, 15)  # noqa: DTZ001 - UTC by convention
        site = Site(name="test", **settings)  # type: ignore[arg-type]
        run = new_run(project, site, tmp_path / "extract", out=tmp_path / "out", started_at=started)
        (run.folder / "worklist").mkdir(parents=True)
        (run.folder / "worklist" / "index.html").write_text(str(year), encoding="utf-8")
        run.building.parent.mkdir(exist_ok=True)
        run.building.write_text(str(year), encoding="utf-8")
        return run

    return made


def stands(run: Run) -> tuple[str, str]:
    """What a reader finds: the year of the warehouse and that of the page."""
    page = run.out / "current" / "worklist" / "index.html"
    return run.warehouse.read_text(encoding="utf-8"), page.read_text(encoding="utf-8")


def left(run: Run) -> list[str]:
    """Everything in the results' folder but the locks."""
    return sorted(p.name for p in [*run.out.iterdir(), *(run.out / "runs").iterdir()] if not p.name.endswith("lock"))


def stop_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Stop at the so-manieth renaming."""
    renamings, real = iter(range(1, 99)), os.replace

    def replace(*places: Path) -> None:
        if next(renamings) == step:
            raise StoppedError
        real(*places)

    monkeypatch.setattr(os, "replace", replace)


@pytest.mark.parametrize(("step", "year"), [(1, "2026"), (2, "2026"), (3, "2026"), (4, "2027")])
def test_warehouse_and_pages_change_together(
    night: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, step: int, year: str
) -> None:
    first = night(2026)
    release(first)
    second = night(2027)
    with monkeypatch.context() as patch:
        stop_at(patch, step)
        with pytest.raises(StoppedError):
            release(second)
    with hold(night(2028)):
        assert stands(first) == (year, year)
    shown = first.run_id if year == "2026" else second.run_id
    assert left(first) == sorted({"current", "runs", "warehouse.duckdb", first.run_id, shown})


def test_a_refused_switch_leaves_yesterday_as_it_was(night: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    first = night(2026)
    release(first)
    run = night(2027)
    monkeypatch.setattr(Path, "symlink_to", lambda *_: (_ for _ in ()).throw(PermissionError(1, "Operation not permitted")))

    def after_all_steps() -> None:
        with hold(run):
            # What `hold` cleared away before it began is what the steps of this run make.
            night(2027)
            take("release", release, run)

    with pytest.raises(NightroundsError, match="yesterday's results stand"):
        after_all_steps()
    assert stands(first) == ("2026", "2026")
    assert left(first) == sorted(["current", "last-error.txt", "runs", "warehouse.duckdb", first.run_id])


def test_a_warehouse_that_cannot_be_replaced_is_told_as_it_is(night: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    release(night(2026))
    run, real = night(2027), os.replace

    def replace(old: Path, new: Path) -> None:
        if new == run.warehouse:
            raise PermissionError(1, "Operation not permitted", str(new))
        real(old, new)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        with pytest.raises(NightroundsError, match=r"are published, but the warehouse .* could not be replaced") as told:
            take("release", release, run)
    assert "yesterday" not in str(told.value)
    clear(run)
    assert stands(run) == ("2027", "2027")


def test_only_runs_are_dropped_and_never_the_new_one(night: Callable[..., Run]) -> None:
    for year in (2026, 2027):
        release(night(year, keep=2))
    run = night(2025, keep=2)  # the clock was set back
    (run.out / "runs" / "notes.txt").write_text("kept", encoding="utf-8")
    release(run)
    assert stands(run) == ("2025", "2025")
    assert [name[:4] for name in left(run) if name[:2] == "20"] == ["2025", "2027"]
    assert "notes.txt" in left(run)


def test_an_old_run_that_cannot_be_removed_does_not_undo_the_new_one(
    night: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    release(night(2026, keep=1))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    said: list[str] = []
    run = night(2027, keep=1)
    monkeypatch.setattr(shutil, "rmtree", refuse)
    release(run, said.append)
    assert stands(run) == ("2027", "2027")
    assert any("2026" in line and "cannot be removed" in line for line in said)


def test_a_second_run_of_one_second_is_refused(night: Callable[..., Run]) -> None:
    run = night(2026)
    release(run)
    with pytest.raises(NightroundsError, match="already results"), hold(night(2026)):
        pass
    assert stands(run) == ("2026", "2026")


@pytest.mark.parametrize("place", ["current", "warehouse.duckdb"])
def test_a_folder_in_the_place_of_a_result_is_told_before_any_work(night: Callable[..., Run], place: str) -> None:
    run = night(2026)
    (run.out / place).mkdir()
    with pytest.raises(NightroundsError, match=place), hold(run):
        pass


def test_what_is_not_ready_stays_in_a_closed_folder(night: Callable[..., Run]) -> None:
    run = night(2026)
    before = os.umask(0)
    try:
        with hold(run), connect(run.building) as con:
            con.execute("CREATE TABLE t AS SELECT 1 AS n")
            assert run.building.parent.stat().st_mode & 0o777 == 0o700
            (run.building.parent / "labs-0.parquet").touch()
    finally:
        os.umask(before)
    assert not run.building.parent.exists()


def test_a_folder_whose_name_looks_like_a_pattern_is_cleared_too(project: Project, tmp_path: Path) -> None:
    run = new_run(project, Site(name="test"), tmp_path, out=tmp_path / "a[b]*", warehouse=tmp_path / "w[x]?.duckdb")
    run.folder.mkdir(parents=True)
    run.building.parent.mkdir()
    run.building.touch()
    clear(run)
    assert [p for p in tmp_path.rglob("*") if p.name not in {run.out.name, "runs"}] == []


def test_what_is_no_leftover_stays(night: Callable[..., Run]) -> None:
    run = night(2026)
    snapshots = run.out / "runs" / ".snapshot"
    snapshots.mkdir()
    (run.out / ".lock").write_text("a link could lead here from elsewhere", encoding="utf-8")
    with hold(run):
        assert not run.folder.exists()
    assert snapshots.exists()
    assert (run.out / ".lock").read_text(encoding="utf-8")


def test_a_leftover_that_cannot_be_removed_is_told_in_a_sentence(
    night: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "y")

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(NightroundsError, match=r"left half-made .* cannot be removed \(Permission denied\)"), hold(night(2026)):
        pass


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (PermissionError(13, "Permission denied", "/srv/labs.csv"), "Permission denied: /srv/labs.csv"),
        (duckdb.IOException("canary-one cannot be written"), "IOException"),
    ],
    ids=["the disk is full", "a file is closed", "the database refuses"],
)
def test_a_failure_is_told_in_a_sentence_even_where_nothing_can_be_written(
    night: Callable[..., Run], error: Exception, told: str
) -> None:
    run = night(2026)
    (run.out / "last-error.txt").mkdir()  # so that it cannot be written

    def fail(*_: object) -> None:
        raise error

    with pytest.raises(NightroundsError, match=f"The step load failed \\({told}\\); yesterday's results stand") as shown:
        take("load", fail, run)
    assert "canary" not in str(shown.value)
    assert shown.value.__suppress_context__


def test_what_an_earlier_failure_quoted_goes_with_the_next_run(night: Callable[..., Run]) -> None:
    run = night(2026)
    (run.out / "last-error.txt").write_text("canary-one", encoding="utf-8")
    with hold(run):
        assert not (run.out / "last-error.txt").exists()


def test_a_query_that_is_interrupted_ends_as_an_interruption(night: Callable[..., Run]) -> None:
    def interrupted(*_: object) -> None:
        raise RuntimeError("Query interrupted")

    with pytest.raises(KeyboardInterrupt):
        take("build", interrupted, night(2026))


def test_the_steps_end_with_the_release() -> None:
    assert pipeline.STEPS[-1] == ("release", release)
