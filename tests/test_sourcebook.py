"""`nightrounds source new`: a folder that can be edited, is complete, and reads what the project's own source reads."""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from nightrounds.errors import NightroundsError
from nightrounds.project import Project
from nightrounds.sourcebook import new_source
from nightrounds.sources import FEEDS, load_source
from nightrounds.sqlfiles import SqlFile


def test_every_column_of_every_feed_is_explained(project: Project, tmp_path: Path) -> None:
    new_source(str(tmp_path / "riverside"), "native", project.root)
    source = load_source(tmp_path / "riverside")
    assert set(source) == set(FEEDS)
    explained: set[tuple[str, str]] = set()
    for feed, made in source.items():
        contract = SqlFile(project.sql / "extracts" / f"{feed}.sql")
        for column, says in contract.column_comments.items():
            if re.search(rf"^    {column},?  --", made.file.text, re.MULTILINE):
                explained.add((feed, column))
                assert ("* " if column in contract.required_columns else "") + says in made.file.text
        given = re.findall(r"^    (\w+),?(?:  --.*)?$", made.file.text, re.MULTILINE)
        assert [column for column in given if (feed, column) not in explained] == []


def test_a_new_source_reads_what_native_reads(
    load_extract: Callable[..., duckdb.DuckDBPyConnection], project: Project, extract: Path, tmp_path: Path
) -> None:
    new_source(str(tmp_path / "riverside"), "native", project.root)
    query = "SELECT * FROM extracts.prescriptions ORDER BY ALL"
    with load_extract(extract, str(tmp_path / "riverside"), date(2026, 6, 30)) as made:
        with load_extract(extract, "native", date(2026, 6, 30)) as native:
            assert made.execute(query).fetchall() == native.execute(query).fetchall() != []


def test_names_and_dates_of_a_site_are_read_by_its_source(
    load_extract: Callable[..., duckdb.DuckDBPyConnection], project: Project, extract: Path, tmp_path: Path
) -> None:
    """The README's worked example."""
    folder = tmp_path / "riverside"
    new_source(str(folder), "native", project.root)
    (extract / "patients.csv").unlink()
    (extract / "pat_master.csv").write_text(
        "mrn;born;gender_cd\ncanary-one;01.02.1950;F\ncanary-two;31.31.1980;M\n", encoding="utf-8"
    )
    (folder / "patients.sql").write_text(
        "-- One patient of Riverside's master index.\n"
        "-- needs: pat_master.mrn, pat_master.born, pat_master.gender_cd\n"
        "SELECT\n"
        "    mrn AS patient_id,\n"
        "    coalesce(CAST(CAST(try_strptime(born, '%d.%m.%Y') AS DATE) AS VARCHAR), born) AS birth_date,\n"
        "    CASE gender_cd WHEN 'F' THEN 'female' WHEN 'M' THEN 'male' ELSE gender_cd END AS sex,\n"
        "    file,\n"
        "    line\n"
        "FROM raw.pat_master\n",
        encoding="utf-8",
    )
    with load_extract(extract, str(folder), date(2026, 6, 30)) as con:
        patients = con.execute("SELECT patient_id, birth_date::VARCHAR, sex FROM extracts.patients").fetchall()
        assert patients == [("canary-one", "1950-02-01", "female")]
        query = "SELECT file, line, value, reason FROM audit.quarantine WHERE feed = 'patients'"
        assert con.execute(query).fetchall() == [("pat_master.csv", 3, "31.31.1980", "unparseable date")]


def test_another_source_is_copied_as_it_stands(project: Project, tmp_path: Path) -> None:
    new_source(str(tmp_path / "ours"), "omop", project.root)
    for path in (project.sql / "sources" / "omop").iterdir():
        assert (tmp_path / "ours" / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


def test_what_stands_in_the_way_is_told(project: Project, tmp_path: Path) -> None:
    new_source(str(tmp_path / "ours"), "native", project.root)
    with pytest.raises(NightroundsError, match="is there already"):
        new_source(str(tmp_path / "ours"), "native", project.root)
    with pytest.raises(NightroundsError, match="no source 'nowhere'"):
        new_source(str(tmp_path / "other"), "nowhere", project.root)


def test_the_command_tells_the_next_step(tmp_path: Path, project: Project) -> None:
    command = [sys.executable, "-m", "nightrounds.cli", "source", "new", "riverside", "--project", str(project.root)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert f"nightrounds run EXTRACT_DIR --source {tmp_path / 'riverside'}" in done.stdout
