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


def test_the_worked_example_of_the_readme_works(
    load_extract: Callable[..., duckdb.DuckDBPyConnection], project: Project, extract: Path, tmp_path: Path
) -> None:
    """Names and dates of a site's own: what can be read is, what cannot is in quarantine with what was sent."""
    folder = tmp_path / "riverside"
    new_source(str(folder), "native", project.root)
    readme = (project.root / "README.md").read_text(encoding="utf-8")
    (folder / "labs.sql").write_text(readme.split("```sql\n")[1].split("```")[0], encoding="utf-8")
    (extract / "labs.csv").unlink()
    (extract / "results.csv").write_text(
        "res_no;mrn;taken;analysis;result;unit\n"
        "1;canary-one;29.06.2026 08:15;Creatinine;1.1;mg/dL\n"
        "2;canary-one;31.06.2026 08:15;Creatinine;1.1;mg/dL\n",
        encoding="utf-8",
    )
    with load_extract(extract, str(folder), date(2026, 6, 30)) as con:
        labs = con.execute(
            "SELECT lab_id, patient_id, collected_at::VARCHAR, test_name, value, unit FROM extracts.labs"
        ).fetchall()
        assert labs == [("1", "canary-one", "2026-06-29 08:15:00", "Creatinine", "1.1", "mg/dL")]
        query = "SELECT file, line, column_name, value, reason FROM audit.quarantine"
        assert con.execute(query).fetchall() == [("results.csv", 3, "collected_at", "31.06.2026 08:15", "unparseable date")]


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
