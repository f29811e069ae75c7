"""What the commands do at their edges: a query that asks for nothing or is long, a closed folder, a signal in the middle."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nightrounds import cli
from nightrounds.project import Project
from nightrounds.run import Run
from nightrounds.stopping import call, stoppable

Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Run the command line; give its exit code and what it printed to both places."""

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(list(words))
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture
def asked(sample: Path, told: Told, tmp_path: Path) -> Told:
    """Query the audited sample."""
    (tmp_path / "current").symlink_to(sample.resolve())
    return lambda query, *words: told("sql", query, "--out", str(tmp_path), *words)


@pytest.mark.parametrize("form", ["table", "csv"])
@pytest.mark.parametrize("query", ["", " ", ";", "/* nothing */"])
def test_a_query_that_asks_for_nothing_is_told_so(asked: Told, query: str, form: str) -> None:
    code, _, err = asked(query, "--format", form)
    assert (code, err) == (2, "nightrounds: The query asks for nothing. Give a SELECT, such as SELECT * FROM docs.columns.\n")


def test_a_long_answer_comes_whole_as_csv(asked: Told) -> None:
    code, out, _ = asked("SELECT n, '=1+1' AS formula FROM range(2500) AS t(n)", "--format", "csv")
    lines = out.splitlines()
    assert (code, len(lines), lines[0], lines[-1]) == (0, 2501, "n,formula", "2499,'=1+1")


@pytest.mark.parametrize(
    "query",
    [
        "ATTACH '{out}/../warehouse.duckdb' AS w",
        "SELECT * FROM read_text('/etc/passwd')",
        "FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '{out}/written.csv'",
        "EXPORT DATABASE '{out}/written'",
        "CREATE TABLE audit.mine AS SELECT 1",
        "DELETE FROM audit.findings",
        "INSTALL httpfs",
        "LOAD '/tmp/x.duckdb_extension'",
        "SET enable_external_access = true",
        "SET threads = 1",
        "RESET lock_configuration",
        "SELECT 1; COPY (SELECT 1) TO '{out}/written.csv'",
    ],
)
def test_an_analyst_reads_the_published_database_and_nothing_else(asked: Told, tmp_path: Path, query: str) -> None:
    code, _, err = asked(query.format(out=tmp_path))
    assert (code, err.startswith("nightrounds: The query failed: ")) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["current"]


def test_no_extract_is_told_in_a_sentence(told: Told) -> None:
    code, _, err = told("run")
    assert (code, err) == (2, "nightrounds: No extract is given. Name its folder, or a site file (--site) that does.\n")


def test_a_run_takes_the_extract_of_the_site(
    few_rules: Project, extract: Path, tmp_path: Path, told: Callable[..., tuple[int, str, str]]
) -> None:
    site, results = tmp_path / "site.toml", tmp_path / "out [night]"  # which looks like markup
    site.write_text(f'extract = "{extract}"\nout = "{results}"\n', encoding="utf-8")
    code, out, err = told("run", "--site", str(site), "--as-of", "2026-06-30", "--project", str(few_rules.root))
    assert (code, str(results / "current" / "dashboard" / "index.html") in out) == (0, True), err


def test_a_place_that_cannot_be_used_is_told_without_a_traceback(told: Told, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    out = str(tmp_path / "file" / "out")
    code, _, err = told("synth", "--patients", "1", "--as-of", "2026-01-01", "--out", out)
    assert (code, err) == (2, f"nightrounds: {out} cannot be used (Not a directory). Mend that, or choose another place.\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_ends_a_run_and_further_ones_do_not_disturb_its_cleaning_up(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    cleaned = []

    def work() -> None:
        with stoppable():
            try:
                os.kill(os.getpid(), number)
                time.sleep(5)
            finally:
                for again in (signal.SIGINT, signal.SIGTERM):
                    os.kill(os.getpid(), again)
                cleaned.append("all")

    with pytest.raises(SystemExit) as ended:
        work()
    assert (ended.value.code, cleaned) == (128 + number, ["all"])
    assert "half-made is removed" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_what_tells_a_program_to_end_is_passed_on_to_the_one_it_waits_for() -> None:
    child = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); print('up', flush=True); signal.pause()"
    parent = (
        f"from nightrounds.stopping import call; import sys; print(call([sys.executable, '-c', {child!r}], {{}}), flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "up\n"
        started.terminate()
        assert started.stdout.readline() == "7\n"


def test_a_program_that_ends_well_gives_its_code() -> None:
    assert call([sys.executable, "-c", "raise SystemExit(3)"], dict(os.environ)) == 3


def test_a_run_that_is_told_to_end_leaves_nothing_of_the_extract(
    audit: Callable[..., Run], few_rules: Project, extract: Path, tmp_path: Path
) -> None:
    run = audit()
    before = sorted(path for path in run.out.rglob("*"))
    words = ["run", str(extract), "--out", str(run.out), "--as-of", "2026-06-30", "--project", str(few_rules.root)]
    with subprocess.Popen([sys.executable, "-m", "nightrounds.cli", *words], stderr=subprocess.PIPE, text=True) as started:
        assert started.stderr is not None
        for line in started.stderr:
            if line.endswith("build\n"):
                started.terminate()
                break
        said = started.stderr.read()
    assert (started.returncode, "half-made is removed" in said, "Traceback" in said) == (143, True, False)
    assert sorted(path for path in run.out.rglob("*")) == before
