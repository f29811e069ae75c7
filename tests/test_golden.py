"""Golden pages: those of a made-up house are, byte for byte, the ones in tests/golden.

A page that changes on purpose is written again, and read before it is committed, with

    python tests/test_golden.py --renew

The style sheet and the script, which every page carries, are files already: a golden page has only their names.
"""

import json
import re
import sys
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from nightrounds.charts import draw_charts
from nightrounds.project import find_project
from nightrounds.report import render
from nightrounds.run import new_run
from nightrounds.site import Annotation, Rebase, Site
from test_report import AS_OF, ROOT, Published, typical

GOLDEN = Path(__file__).parent / "golden"
PAGES = (
    "dashboard/index.html",
    "dashboard/rules/full.html",
    "dashboard/rules/describes.html",
    "dashboard/facilities/F1.html",
    "dashboard/guideline.html",
    "dashboard/data-quality.html",
    "worklist/index.html",
    "worklist/rules/small.html",
    "worklist/facilities/F1.html",
    "worklist/prescribers/D1.html",
    "worklist/data-quality.html",
)
STARTED = datetime(2026, 7, 1, 2, 15)  # noqa: DTZ001 - UTC by convention


def golden_house() -> duckdb.DuckDBPyConnection:
    """The made-up house with a timeline, a remark, new limits and charts; six patients a day are all it can see to."""
    house = typical()
    draw_a_timeline(house)
    house.rule("describes", kind="descriptive", why="What `pattern` says; see rates_only.", distribution=["pattern"])
    for pattern, count in (("once", 60), ("daily", 30), ("<i>other</i>", 4)):
        house.units("describes", "clear", count, evidence=json.dumps({"pattern": pattern}))
    con = house.publish(accept_gate="the lab <i>interface</i> was down")
    con.execute("UPDATE audit.runs SET daily_cap = 6")
    con.execute("ATTACH ':memory:' AS previous")
    rebase = Rebase(since=date(2026, 4, 1), why="New <b>ward</b>", chosen_by="P&T")
    site = Site(name="St Elsewhere", rebases={"full": [rebase]})
    # The made-up rules are no rules of the project, which a run's own site file may not speak of.
    run = new_run(find_project(ROOT), Site(), Path("extract"), as_of=AS_OF, started_at=STARTED)
    draw_charts(con, replace(run, site=site))
    remark = Annotation(day=date(2026, 3, 1), text="Alerts <i>on</i>", rule="full")
    con.execute("INSERT INTO audit.annotations VALUES (?, ?, ?)", [remark.rule, remark.day, remark.text])
    return con


def draw_a_timeline(house: Published) -> None:
    """Put a course, its doses and two results behind the first finding of the rule `small`."""
    row = next(row for row in house.findings if row[1] == "small")
    finding, patient, index_date = str(row[0]), str(row[3]), date(2026, 5, 10)
    days = {"start_date": index_date, "end_date": date(2026, 6, 20)}
    house.insert("facts.exposures", exposure_id="x", ingredient="baclofen", first_drug_name="baclofen <b>10</b> mg", **days)
    house.insert("facts.exposure_members", exposure_id="x", feed="prescriptions", row_id="R1")
    house.insert("facts.dose_steps", exposure_id="x", daily_dose_mg=30.0, **days)
    for number, (day, value) in enumerate(((date(2026, 2, 1), 38.0), (date(2026, 6, 1), 24.0))):
        house.insert("facts.renal_function", patient_id=patient, day=day, egfr=value, shown=f"{value:g}")
        house.insert("facts.labs", row_id=f"L{number}", patient_id=patient, analyte="egfr", collected_on=day, value=value,
                     value_as_sent=f"{value:g}", unit_as_sent="mL/min")  # fmt: skip
        house.insert("audit.evidence", finding_id=finding, feed="labs", source_id=f"L{number}", date=day,
                     says=f"eGFR {value:g} mL/min", file="labs.csv", line=7 + number)  # fmt: skip
    house.insert("audit.evidence", finding_id=finding, feed="prescriptions", source_id="R1", date=index_date,
                 says="baclofen <b>10</b> mg", file="prescriptions.csv", line=9)  # fmt: skip


def rendered(folder: Path) -> dict[str, str]:
    """Render the house into a folder; return its pages by name, without style sheet, script and their fingerprints."""
    with golden_house() as con:
        render(con, ROOT / "reports", folder)
    pages = {}
    for name in PAGES:
        text = (folder / name).read_text(encoding="utf-8")
        for ours in ("style.css", "extras.js"):
            text = text.replace((ROOT / "reports" / "shared" / ours).read_text(encoding="utf-8"), ours)
        pages[name] = re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-...", text)
    return pages


def file_of(name: str) -> Path:
    return GOLDEN / name.replace("/", "-")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return rendered(tmp_path_factory.mktemp("golden"))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_the_golden_one_byte_for_byte(pages: dict[str, str], name: str) -> None:
    assert pages[name] == file_of(name).read_bytes().decode("utf-8"), (
        "python tests/test_golden.py --renew, then read the difference"
    )


def test_rendering_again_changes_nothing(pages: dict[str, str], tmp_path: Path) -> None:
    assert rendered(tmp_path) == pages


def test_golden_pages_show_what_there_is_to_show(pages: dict[str, str]) -> None:
    assert len(list(GOLDEN.iterdir())) == len(PAGES)
    assert 'class="chart"' in pages["dashboard/rules/full.html"]
    assert 'class="timeline"' in pages["worklist/rules/small.html"]
    assert all(len(text) < 120_000 for text in pages.values())


def renew() -> None:
    """Write the golden pages."""
    GOLDEN.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        for name, text in rendered(Path(folder)).items():
            file_of(name).write_bytes(text.encode("utf-8"))
            print(f"{len(text):>8,}  {file_of(name).relative_to(ROOT)}")


if __name__ == "__main__":
    if sys.argv[1:] != ["--renew"]:
        sys.exit("Run the test with pytest; --renew writes the pages anew.")
    renew()
