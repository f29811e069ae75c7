"""A hostile extract: scripts, handlers, style sheets, control characters and formulas in every text column of every feed.

The sample delivery is spoilt that way, audited as a whole, and every page is opened in a browser that enforces no policy, so
that nothing but the writing of the pages stands between the text and its execution.
"""

import csv
import itertools
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import openpyxl
import pytest
from playwright.sync_api import Browser

from browsing import DESK, PHONE, visiting
from nightrounds.database import connect_reader
from nightrounds.pipeline import run_audit
from nightrounds.project import Project
from nightrounds.run import new_run
from nightrounds.site import Annotation, Site

AS_OF = date(2026, 6, 30)
PAYLOADS = (
    "<script>window.pwned=1</script>",
    '"><img src=x onerror="window.pwned=1">',
    "' onmouseover='window.pwned=1' autofocus onfocus='window.pwned=1",
    "javascript:window.pwned=1//",
    "<a href=javascript:window.pwned=1 id=content>click</a>",
    "</style><style>*{display:none!important}</style>",
    "</title></textarea></table></svg><xss-canary style=position:fixed;inset:0>",
    "<svg/onload=window.pwned=1><foreignObject><iframe srcdoc='<script>parent.pwned=1</script>'>",
    "<base href=//x.invalid/><meta http-equiv=refresh content=0;url=//x.invalid/><link rel=stylesheet href=//x.invalid/a.css>",
    "<!-- ",
    "]]> &lt;script&gt;window.pwned=1&lt;/script&gt; &#60;img src=x onerror=window.pwned=1&#62;",
    "{{ 7 * 7 }}{% for x in y %}${7*7}",
    "\u202egnitset\u2066\u200f\u061c",
    "\x01\x07\x1b[31m\x7f\x85\u2028\ufeff\ufffe",
    "Z\u0336\u0321\u034f" * 60,
    "W" * 400,
    "\u4e00" * 200,
    '=HYPERLINK("//x.invalid/","a")',
    "+SUM(1,1)*cmd|' /C calc'!A0",
    "@SUM(1,1)",
    "-2+3+cmd|' /C calc'!A0",
)
# A row with a NUL is set aside; so is one with a payload where a number or a day belongs.
NUL = "\x00<script>window.pwned=1</script>"
# Texts that are shown as sent. The others decide what the row means; rows that are spoilt there are sent besides.
TEXTS = {
    "patients": ("patient_id", "facility_id"),
    "prescriptions": ("prescription_id", "patient_id", "drug_name", "route", "dose_unit", "sig", "strength", "indication_text",
                      "prescriber_id", "facility_id"),
    "labs": ("lab_id", "patient_id", "test_name", "facility_id"),
    "diagnoses": ("diagnosis_id", "patient_id", "name", "encounter_id"),
    "procedures": ("procedure_id", "patient_id", "name"),
    "encounters": ("encounter_id", "patient_id", "facility_id"),
    "administrations": ("administration_id", "patient_id", "drug_name", "route", "dose_unit"),
    "dialysis_sessions": ("session_id", "patient_id", "modality"),
}  # fmt: skip
# Two files have a name that is a tag; a slash is all that a name cannot hold.
FILES = {"labs": "labs-<img src=x onerror='window.pwned=1'>.csv", "prescriptions": 'prescriptions-"><script>pwned=1<.csv'}


def spoilt(column: str, value: str) -> str:
    """Put a payload to a text, always the same one to the same text: ids stay the same in every feed."""
    payload = PAYLOADS[sum(map(ord, column[-4:] + value)) % len(PAYLOADS)]
    # An id must begin with what makes a formula; a drug's name keeps its words, so that it is still found.
    return f"{payload}{value}" if column.endswith("_id") else f"{value} {payload}".strip()


def hostile_rows(feed: str, rows: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    """Spoil the texts of every row; then send a row for every column and payload in which that column is nothing else."""
    for row in rows:
        yield row | {name: spoilt(name, row[name]) for name in TEXTS[feed] if name in row}
    names = list(rows[0])
    for number, (name, payload) in enumerate(itertools.product(names[1:], (*PAYLOADS, NUL))):
        yield rows[0] | {names[0]: f"spoilt {number}", "patient_id": spoilt("patient_id", rows[0]["patient_id"]), name: payload}


def some_patients(sample: Path) -> set[str]:
    """Choose for every rule the patients in whom it found something first and last; only the last are on the worklist."""
    found: dict[str, list[str]] = defaultdict(list)
    for answer in sorted(read(sample / "answers.csv"), key=lambda answer: answer["index_date"]):
        if answer["outcome"] == "finding":
            found[answer["rule_id"]].append(answer["patient_id"])
    return {patient for patients in found.values() for patient in (*patients[:3], *patients[-6:])}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_hostile(sample: Path, folder: Path) -> Path:
    """Write what the sample delivery holds of a few hundred patients, with its texts spoilt."""
    folder.mkdir()
    patients = some_patients(sample)
    for feed in TEXTS:
        rows = [row for row in read(sample / f"{feed}.csv") if row["patient_id"] in patients]
        with (folder / FILES.get(feed, f"{feed}.csv")).open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, list(rows[0]))
            table.writeheader()
            table.writerows(hostile_rows(feed, rows))
    return folder


@pytest.fixture(scope="module")
def out(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the audit of the hostile extract, of a site that is no better."""
    base = tmp_path_factory.mktemp("hostile")
    extract = write_hostile(project.samples / "native", base / "<img src=x onerror=window.pwned=1>")
    words = " ".join(PAYLOADS)
    site = Site(name=words, disclosure="none", daily_cap=500, annotations=[Annotation(day=date(2026, 3, 1), text=words)])
    started = datetime(2026, 7, 1, 2, 15)  # noqa: DTZ001 - UTC by convention
    run_audit(new_run(project, site, extract, out=base / "out", as_of=AS_OF, accept_gate=words, started_at=started))
    return base / "out" / "current"


def test_the_extract_is_audited_as_a_whole(out: Path) -> None:
    with connect_reader(out / "nightrounds.duckdb") as con:
        query = "SELECT count(DISTINCT rule_id), count(DISTINCT patient_id) FROM mart.worklist"
        rules, patients = con.execute(query).fetchall()[0]
        assert (rules > 15, patients > 50) == (True, True), (rules, patients)
        unequal = "SELECT file FROM audit.batches WHERE rows_read <> rows_loaded + rows_quarantined + rows_superseded"
        assert con.execute(unequal).fetchall() == []
        for payload in ("<script>", "onerror", "=HYPERLINK"):
            query = "SELECT count(*) FROM mart.worklist WHERE contains(patient_id, ?)"
            assert con.execute(query, [payload]).fetchall()[0][0] > 0, payload


# Runs on a page: everything that a text could have become, had it been anything but text.
INJECTED = """(ours) => {
    const all = [...document.querySelectorAll("*")];
    const said = (e) => e.outerHTML.slice(0, 200);
    return {
        run: window.pwned ?? null,
        tags: all.filter((e) => !ours.tags.includes(e.localName)).map(said),
        scripts: [...document.scripts].filter((s) => s.text !== ours.script).map(said),
        styles: [...document.querySelectorAll("style")].filter((s) => s.textContent !== ours.style).map(said),
        attributes: all.filter((e) => e.getAttributeNames().some((n) => n.startsWith("on") || n === "style")).map(said),
        links: [...document.links].filter((a) => a.protocol !== "file:" || !a.pathname.startsWith(ours.folder)).map(said),
        hidden: getComputedStyle(document.querySelector("h1")).display === "none",
        turned: [...document.title + document.body.textContent].filter((c) => /[\\u202a-\\u202e\\u2066-\\u2069]/.test(c)),
        ids: all.filter((e) => e.id && document.querySelectorAll("#" + CSS.escape(e.id)).length > 1).map(said),
    };
}"""


def ours(project: Project, out: Path) -> dict[str, object]:
    """What the pages are made of when nobody has added to them: the elements of the templates and of the script's controls."""
    reports = project.root / "reports"
    templates = "".join(path.read_text(encoding="utf-8") for path in reports.rglob("*.j2"))
    tags = {"button", "input", "label", *re.findall(r"<([a-zA-Z][a-zA-Z0-9]*)", templates)}
    script, style = ((reports / "shared" / name).read_text(encoding="utf-8") for name in ("extras.js", "style.css"))
    return {"tags": sorted(tags), "script": script, "style": style, "folder": urlsplit(out.resolve().as_uri()).path}


def test_no_page_runs_shows_or_asks_for_what_the_extract_brought(browser: Browser, out: Path, project: Project) -> None:
    kinds: list[str] = ["tags", "scripts", "styles", "attributes", "links", "turned", "ids"]
    clean: dict[str, object] = {"run": None, "hidden": False, **{kind: [] for kind in kinds}}
    pages = sorted(out.resolve().rglob("*.html"))
    assert len(pages) > 80
    with visiting(browser, bypass_csp=True) as visit:
        for path in pages:
            visit.open(path)
            assert visit.ask(INJECTED, ours(project, out)) == clean, path.name
            assert (visit.told, visit.asked) == ([], [path.as_uri()]), path.name
            assert (visit.width(PHONE) <= PHONE, visit.width(DESK) <= DESK) == (True, True), path.name


def test_the_policy_has_nothing_to_stop_either(browser: Browser, out: Path) -> None:
    with visiting(browser) as visit:
        for name in ("dashboard/index", "worklist/index", "worklist/data-quality"):
            visit.open(out / f"{name}.html")
            assert visit.told == [], name


def test_no_cell_of_a_table_is_a_formula(out: Path) -> None:
    tables = sorted(out.rglob("*.csv"))
    assert len(tables) > 3
    for path in tables:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        numbers = [cell for row in rows for cell in row if cell[:1] in ("+", "-") and cell[1:].replace(".", "", 1).isdigit()]
        dangerous = [
            cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r")) and cell not in numbers
        ]
        assert dangerous == [], path.name
        assert {len(row) for row in rows} == {len(rows[0])}, path.name


def test_no_cell_of_the_workbook_is_a_formula_or_a_link(out: Path) -> None:
    path = out / "worklist" / "findings.xlsx"
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if "external" in name.lower() or "vba" in name.lower()]
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    sheet = openpyxl.load_workbook(path).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert len(cells) > 1000
    assert [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink] == []
