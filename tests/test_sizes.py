"""Pages stay small enough to be mailed and opened on a ward's computer: an index of all rules, a worklist of 1,000 findings."""

import re
from pathlib import Path

from nightrounds.report import render
from test_report import ROOT, Published

# As long as the longest of the sample's findings are on average.
MESSAGE = (
    "baclofen 10 MG Oral Tablet, 80 mg a day from 2025-11-02, stopped on 2026-05-20 after 199 days from 30 mg without steps down: "
    "made critical by a seizure on 2026-05-24 (R56.9)."
)


def test_an_index_of_all_rules_is_under_500_kilobytes(sample: Path) -> None:
    page = sample / "dashboard" / "index.html"
    text = page.read_text(encoding="utf-8")
    rules = list((ROOT / "rules").glob("*/*/rule.toml"))
    assert len(rules) >= 41
    assert [path.parent.name for path in rules if f'href="rules/{path.parent.name}.html"' not in text] == []
    assert page.stat().st_size < 500_000


# What stands behind a finding of the sample on average: a course with its dose, the prescription that began it, and a result.
BEHIND = {
    "facts.exposures": "patient, 'baclofen', DATE '2025-11-02', DATE '2026-05-20', 'baclofen 10 MG Oral Tablet'",
    "facts.dose_steps": "patient, DATE '2025-11-02', DATE '2026-05-20', 80",
    "facts.exposure_members": "patient, 'prescriptions', patient || '-rx1'",
    "facts.renal_function": "patient, DATE '2026-05-01', 24, '24'",
    "facts.labs": "patient || '-lab1', patient, 'egfr', DATE '2026-05-01', 24, '24', 'mL/min/1.73m2'",
    "audit.evidence": """finding, 'labs', patient || '-lab1', DATE '2026-05-01',
        'Glomerular filtration rate/1.73 sq M.predicted 24 mL/min/1.73m2', 'labs.csv', 1234
        FROM findings UNION ALL SELECT finding, 'prescriptions', patient || '-rx1', DATE '2025-11-02',
        'baclofen 10 MG Oral Tablet; 80 mg/day; 30 days supply; completed', 'prescriptions.csv', 1234""",
}


def test_a_worklist_of_1000_findings_is_under_2_megabytes(tmp_path: Path) -> None:
    house = Published()
    house.rule("busy", title="Baclofen stopped abruptly after long use")
    house.units("busy", "finding", 1000, message=MESSAGE)
    ids = [[row[0] for row in house.findings], [row[3] for row in house.findings]]
    house.con.execute("CREATE TEMP TABLE findings AS SELECT unnest(?) AS finding, unnest(?) AS patient", ids)
    for table, columns in BEHIND.items():
        house.con.execute(f"INSERT INTO {table} SELECT {columns} FROM findings")
    render(house.publish(), ROOT / "reports", tmp_path)
    page = tmp_path / "worklist" / "rules" / "busy.html"
    text = page.read_text(encoding="utf-8")
    assert text.count("<article") == 1000
    assert text.count("chart timeline") == 400
    assert "Timelines are drawn for the first 400" in text
    assert text.count("<i><bdi>") == 2000
    assert page.stat().st_size < 2_000_000


def test_pictures_of_the_readme_are_there_and_small() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [name for name in pictures if not (ROOT / name).is_file() or (ROOT / name).stat().st_size >= 120_000] == []
