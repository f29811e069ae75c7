"""Pages stay small enough to be mailed and opened on a ward's computer: an index of all rules, a worklist of 1,000 findings."""

import re
from pathlib import Path

import pytest

from nightrounds.database import connect_reader
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


# A day of many: a session of dialysis, with its results, as a rule that reads a month of sessions has a dozen of.
SESSIONS = """
    INSERT INTO audit.evidence
    SELECT finding, 'dialysis_sessions', patient || '-s' || session, DATE '2026-06-01' + session,
        'dialysis session hemodialysis; 181/92 mmHg before, 168/88 mmHg after', 'dialysis_sessions.csv', 1000 + session
    FROM findings CROSS JOIN (SELECT CAST(unnest(range(12)) AS INTEGER) AS session)
"""


def busy(out: Path, more: str = "", findings: int = 1000) -> None:
    """Render the pages of a rule with so many open findings. `more` adds to what is behind each."""
    house = Published()
    house.rule("busy", title="Baclofen stopped abruptly after long use", conflicts=["Some say otherwise."])
    house.units("busy", "finding", findings, message=MESSAGE)
    ids = [[row[0] for row in house.findings], [row[3] for row in house.findings]]
    house.con.execute("CREATE TEMP TABLE findings AS SELECT unnest(?) AS finding, unnest(?) AS patient", ids)
    for table, columns in BEHIND.items():
        house.con.execute(f"INSERT INTO {table} SELECT {columns} FROM findings")
    if more:
        house.con.execute(more)
    render(house.publish(), ROOT / "reports", out)


def parts(out: Path) -> list[str]:
    """Return the rule's pages, the first first; none is too large."""
    pages = sorted((out / "worklist" / "rules").glob("busy*.html"), key=lambda path: (len(path.name), path.name))
    assert [page.stat().st_size for page in pages if page.stat().st_size >= 2_000_000] == []
    return [page.read_text(encoding="utf-8") for page in pages]


def test_a_worklist_of_1000_findings_is_under_2_megabytes(tmp_path: Path) -> None:
    busy(tmp_path)
    (text,) = parts(tmp_path)
    assert text.count("<article") == text.count('class="timeline"') == 1000
    assert text.count("<i><bdi>") == 2000
    assert "part 1" not in text


def test_a_worklist_too_heavy_for_a_page_goes_on_and_leaves_nothing_off(tmp_path: Path) -> None:
    busy(tmp_path, SESSIONS)
    texts = parts(tmp_path)
    assert len(texts) > 1
    ranks = [[int(rank) for rank in re.findall(r'<article class="card" id="finding-([0-9]+)"', text)] for text in texts]
    assert [rank for part in ranks for rank in part] == list(range(1, 1001))
    for number, (text, part) in enumerate(zip(texts, ranks, strict=True), 1):
        assert text.count('class="timeline"') == len(part)
        assert text.count("<i><bdi>") == 14 * len(part)
        assert text.count(f"<strong>part {number}</strong> ({len(part)} findings)") == 2
        others = ["" if other == 1 else f"-{other}" for other in range(1, len(texts) + 1) if other != number]
        assert re.findall(r'<a href="busy(-[0-9]+)?\.html">part', text) == 2 * others
        assert ("In numbers" in text) is (number == 1)
    index = (tmp_path / "worklist" / "index.html").read_text(encoding="utf-8")
    places = re.findall(r'href="rules/busy(?:-([0-9]+))?\.html#finding-([0-9]+)"', index)
    assert len(places) == 500
    assert [place for place in places if int(place[1]) not in ranks[int(place[0] or 1) - 1]] == []
    assert 'href="rules/busy-2.html">part 2</a>' in index


@pytest.mark.parametrize(("findings", "on_cards"), [(300, 300), (301, 0)])
def test_what_sources_disagree_on_is_on_every_card_or_a_link_away(tmp_path: Path, findings: int, on_cards: int) -> None:
    busy(tmp_path, findings=findings)
    (text,) = parts(tmp_path)
    assert text.count("<strong>Sources disagree.</strong> Some say otherwise.") == on_cards
    assert text.count('<a href="#conflicts">') == findings - on_cards
    assert text.count("<li>Some say otherwise.</li>") == 1


def test_findings_weigh_as_much_as_is_foretold_or_a_little_less(sample: Path) -> None:
    """Pages are cut by a weight that SQL foretells; were it too small, a page would be too large."""
    with connect_reader(sample / "nightrounds.duckdb") as con:
        query = "SELECT rank, weight FROM mart.worklist JOIN mart.worklist_page USING (finding_id)"
        weights = dict(con.execute(query).fetchall())
    for page in sorted((sample / "worklist" / "rules").glob("*.html")):
        text = page.read_text(encoding="utf-8")
        for card in re.finditer(r'<article class="card" id="finding-([0-9]+)".*?</article>\n', text, re.DOTALL):
            # Notes on sources stand on the cards of short lists only, which are never too large.
            own = re.sub(r'<p class="note"><strong>Sources disagree.*?</p>\n', "", card[0], flags=re.DOTALL)
            weight, size = weights.pop(int(card[1])), len(own.encode())
            assert size <= weight <= 1.3 * size, (page.name, card[1], size, weight)
    assert weights == {}


def test_pictures_of_the_readme_are_there_and_small() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [name for name in pictures if not (ROOT / name).is_file() or (ROOT / name).stat().st_size >= 120_000] == []
