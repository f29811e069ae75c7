"""The pages in a real browser: nothing in the way of anyone, nothing fetched, nothing broken, on a screen, a phone and paper.

One audit of data_samples/native gives the pages. Where there is no Chromium the tests are skipped and say so.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from browsing import DESK, PAPER, PHONE, WIDTH, Visit, visiting
from paper import Part, cuts, structure

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What only colours decide: all that can differ between light and dark.
COLOURS = ["color-contrast", "link-in-text-block"]


def first(folder: str) -> Callable[[Path], Path]:
    """Choose a folder's first page."""
    return lambda out: min((out / folder).glob("*.html"))


def charted(folder: str) -> Callable[[Path], Path]:
    """Choose a rule's page that shows most kinds of things: charts, a timeline, a conflict of sources. Of these the shortest."""
    kinds = ('class="chart"', 'class="timeline"', 'id="conflicts"', "funnel-title")

    def choose(out: Path) -> Path:
        texts = {path: path.read_text(encoding="utf-8") for path in (out / folder).glob("*.html")}
        return max(texts, key=lambda path: (sum(kind in texts[path] for kind in kinds), -len(texts[path])))

    return choose


def named(name: str) -> Callable[[Path], Path]:
    """Choose a page by its name."""
    return lambda out: out / f"{name}.html"


PAGES = {
    "index": named("dashboard/index"),
    "rule with charts": charted("dashboard/rules"),
    "rule that describes": named("dashboard/rules/cramp_marker_drugs"),
    "facility": first("dashboard/facilities"),
    "guideline": named("dashboard/guideline"),
    "data quality": named("dashboard/data-quality"),
    "worklist": named("worklist/index"),
    "worklist of a rule": charted("worklist/rules"),
    "worklist of a facility": first("worklist/facilities"),
    "worklist of a prescriber": first("worklist/prescribers"),
    "names, codes and units": named("worklist/data-quality"),
}
# More to print: pages on which the ends of sheets fall elsewhere.
LONG = {
    "rule with much in numbers": named("dashboard/rules/cramp_mimic"),
    "long worklist of a rule": named("worklist/rules/baclofen_abrupt_stop"),
}
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
every_page = pytest.mark.parametrize("name", PAGES)


@pytest.fixture(scope="module")
def desk(browser: Browser) -> Iterator[Visit]:
    """A wide light window, used by one test after the other."""
    with visiting(browser, color_scheme="light") as visit:
        yield visit


@pytest.fixture
def opened(desk: Visit, sample: Path, name: str) -> Visit:
    """The page of the test, freshly opened."""
    desk.page.set_viewport_size({"width": DESK, "height": 800})
    return desk.open(PAGES[name](sample))


def without_barriers(visit: Visit, **options: Any) -> None:
    """Fail, and say what and where, when the page breaks a rule of axe-core."""
    found = Axe().run(visit.page, options={"resultTypes": ["violations"], **options})
    if found.violations_count:
        pytest.fail(found.generate_report(), pytrace=False)


@every_page
def test_nothing_stands_in_the_way_of_anyone(opened: Visit) -> None:
    # Sizes of targets are the newest criterion, which axe-core leaves out unless it is asked.
    without_barriers(opened, runOnly=WCAG, rules={"target-size": {"enabled": True}})


@every_page
def test_colours_can_be_read_in_the_dark(browser: Browser, sample: Path, name: str) -> None:
    with visiting(browser, color_scheme="dark") as visit:
        visit.open(PAGES[name](sample))
        ground = visit.ask("() => getComputedStyle(document.body).backgroundColor")
        assert max(int(part) for part in re.findall(r"\d+", ground)[:3]) < 64, "the page is not dark"
        without_barriers(visit, runOnly={"type": "rule", "values": COLOURS})


@every_page
def test_a_page_is_quiet_and_asks_for_nothing(opened: Visit, sample: Path, name: str) -> None:
    assert opened.told == []
    assert opened.asked == [PAGES[name](sample).as_uri()]


@every_page
def test_a_phone_shows_the_page_without_scrolling_sideways(opened: Visit) -> None:
    assert opened.width(PHONE) <= PHONE
    assert opened.width(DESK) <= DESK


TIMELINES = """() => [...document.querySelectorAll("svg.timeline")].map((drawing) => ({
    letters: 12 * drawing.getBoundingClientRect().width / drawing.viewBox.baseVal.width,
    stop: drawing.parentElement.tabIndex,
    cut: drawing.parentElement.scrollWidth > drawing.parentElement.clientWidth,
}))"""


def test_a_timeline_can_be_read_and_reached_on_a_phone(desk: Visit, sample: Path) -> None:
    desk.page.set_viewport_size({"width": DESK, "height": 800})
    desk.open(PAGES["worklist of a rule"](sample))
    wide = desk.ask(TIMELINES)
    assert [(drawing["stop"], drawing["cut"]) for drawing in wide] == [(-1, False)] * len(wide)
    assert desk.width(PHONE) <= PHONE
    # A page hears of its new width before the frame after the next.
    desk.ask("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    narrow = desk.ask(TIMELINES)
    assert wide
    assert [(drawing["stop"], drawing["cut"]) for drawing in narrow] == [(0, True)] * len(narrow)
    assert min(drawing["letters"] for drawing in wide + narrow) >= 11
    without_barriers(desk, runOnly=WCAG)


@every_page
def test_headings_are_in_order(opened: Visit) -> None:
    levels = opened.ask("() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((h) => Number(h.localName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [pair for pair in itertools.pairwise(levels) if pair[1] > pair[0] + 1] == []


FOCUS = """() => {
    const it = document.activeElement, box = it.getBoundingClientRect(), style = getComputedStyle(it);
    return {
        what: it.className === "skip" ? "skip" : it.closest("nav") ? it.textContent.trim() : it.localName,
        seen: box.width > 0 && box.left >= 0 && box.right <= innerWidth + 1 && box.bottom > 0 && box.top < innerHeight,
        outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    };
}"""


@every_page
def test_the_keyboard_reaches_the_skip_link_then_the_navigation_then_the_rest(opened: Visit) -> None:
    links = opened.ask("() => [...document.querySelectorAll('nav a')].map((a) => a.textContent.trim())")
    reached = []
    for _ in range(len(links) + 6):
        opened.page.keyboard.press("Tab")
        reached.append(opened.ask(FOCUS))
    assert [stop["what"] for stop in reached[: len(links) + 1]] == ["skip", *links]
    # After the last stop the browser itself is next: then the body is the active element.
    assert [stop for stop in reached if stop["what"] != "body" and not (stop["seen"] and stop["outlined"])] == []


def test_the_skip_link_leads_to_the_content(desk: Visit, sample: Path) -> None:
    desk.open(sample / "dashboard" / "index.html")
    desk.page.keyboard.press("Tab")
    desk.page.keyboard.press("Enter")
    assert desk.ask("() => document.activeElement.id") == "content"


TOO_WIDE = """(paper) => [...document.querySelectorAll("table, svg, pre, article, li")]
    .filter((e) => e.getBoundingClientRect().right > paper + 1 && e.getBoundingClientRect().width > 0)
    .map((e) => `${e.localName}.${e.getAttribute("class") ?? ""} ${Math.round(e.getBoundingClientRect().right)}: `
        + e.textContent.trim().replace(/\\s+/g, " ").slice(0, 60))"""


@every_page
def test_nothing_is_wider_than_paper(opened: Visit) -> None:
    opened.page.emulate_media(media="print")
    try:
        assert opened.width(PAPER) <= PAPER
        assert opened.ask(TOO_WIDE, PAPER) == []
    finally:
        opened.page.emulate_media(media="null")


def printed(visit: Visit) -> Part:
    """Return the page's parts with the sheets of A4 that they are on."""
    return structure(visit.page.pdf(prefer_css_page_size=True, tagged=True))


@pytest.mark.parametrize("name", [*PAGES, *LONG])
def test_paper_cuts_no_table(desk: Visit, sample: Path, name: str) -> None:
    """No heading, caption or row of headings ends a sheet, no row, card or plot is parted, and headings are on every sheet."""
    page = printed(desk.open((PAGES | LONG)[name](sample)))
    assert page.sheets
    assert cuts(page) == []


def test_without_the_rules_for_paper_the_cuts_would_be_seen(browser: Browser, sample: Path) -> None:
    with visiting(browser, bypass_csp=True) as visit:
        visit.open(LONG["long worklist of a rule"](sample))
        visit.page.add_style_tag(content="@media print { * { break-after: auto !important; break-inside: auto !important } }")
        found = " ".join(cuts(printed(visit)))
    assert "Art on" in found
    assert "headings on" in found


def test_no_page_of_a_rule_is_wider_than_paper(browser: Browser, sample: Path) -> None:
    """Rules differ in their parameters and reasons, so every one of them is looked at; a phone is held to all pages of a worse run."""
    with visiting(browser) as visit:
        visit.page.emulate_media(media="print")
        visit.page.set_viewport_size({"width": PAPER, "height": 800})
        pages = {path: visit.open(path).ask(WIDTH) for path in sorted(sample.glob("*/rules/*.html"))}
    assert len(pages) > 41
    assert {path.as_posix(): width for path, width in pages.items() if width > PAPER} == {}


@pytest.mark.parametrize("name", ["rule with charts", "worklist of a rule"])
def test_a_page_prints_on_a4(opened: Visit) -> None:
    sheets = opened.page.pdf(prefer_css_page_size=True)
    assert sheets.startswith(b"%PDF")
    boxes = set(re.findall(rb"/MediaBox\s*\[([^\]]*)\]", sheets))
    # 595 by 842 points, less what is lost in rounding.
    assert {tuple(round(float(number)) for number in box.split()) for box in boxes} == {(0, 0, 595, 842)}


def shown_lines(visit: Visit) -> set[str]:
    """Return the lines of text that a reader of the page's content sees."""
    return {" ".join(line.split()) for line in visit.page.inner_text("main").splitlines() if line.strip()}


@every_page
def test_without_javascript_a_page_says_the_same(browser: Browser, opened: Visit, sample: Path, name: str) -> None:
    with visiting(browser, java_script_enabled=False) as visit:
        visit.open(PAGES[name](sample))
        without = shown_lines(visit)
        assert visit.width(PHONE) <= PHONE
        assert visit.told == []
    more = shown_lines(opened)
    assert len(without) > 5
    # What the script adds are controls; it takes nothing away.
    assert without - more == set()


def test_a_search_shows_the_matching_rows_only(desk: Visit, sample: Path) -> None:
    desk.open(sample / "worklist" / "index.html")
    people = desk.page.locator("ol.people > li")
    wanted = people.nth(3).locator("h3 bdi").first.inner_text()
    before = people.count()
    desk.page.locator("input[type=search]").first.fill(wanted)
    assert 1 <= people.filter(visible=True).count() < before
    assert wanted in people.filter(visible=True).first.inner_text()
    without_barriers(desk, runOnly=WCAG)


def test_a_table_is_sorted_by_keys_and_says_so(desk: Visit, sample: Path) -> None:
    desk.page.set_viewport_size({"width": PHONE, "height": 800})
    desk.open(PAGES["index"](sample))
    button = desk.page.locator("thead button").first
    # A phone shows no headings until one of them has the focus.
    button.focus()
    desk.page.keyboard.press("Enter")
    assert desk.ask(FOCUS) == {"what": "button", "seen": True, "outlined": True}
    heading = desk.page.locator("th[aria-sort]")
    assert (heading.count(), heading.get_attribute("aria-sort")) == (1, "ascending")
    desk.page.keyboard.press("Space")
    assert heading.get_attribute("aria-sort") == "descending"
    said = desk.page.get_by_role("status").filter(has_text="Sorted")
    assert said.inner_text() == "Sorted by Rule, descending"
    without_barriers(desk, runOnly=WCAG)
    assert desk.page.get_by_role("columnheader", name="Rule", exact=True).count() >= 1


def as_sorted(cell: str) -> tuple[float, ...] | None:
    """What a cell should be sorted by, if it is a month, a number or a share: 'Apr 2026', '1,213', '16.4 %'."""
    words = cell.split()
    if len(words) >= 2 and words[0][:3] in MONTHS and words[1].isdigit():
        return (int(words[1]), MONTHS.index(words[0][:3]))
    number = re.match(r"-?\d+(\.\d+)?", cell.strip().replace(",", ""))
    return (float(number[0]),) if number else None


@pytest.mark.parametrize("name", ["index", "rule with charts"])
def test_a_click_on_a_heading_sorts_numbers_as_numbers_and_months_as_months(opened: Visit) -> None:
    kinds = set()
    opened.ask("() => document.querySelectorAll('details').forEach((folded) => { folded.open = true; })")
    for table in opened.page.locator("table:has(thead button)").all():
        for place, button in enumerate(table.locator("thead button").all()):
            button.click()
            cells = table.locator(f"tbody tr > :nth-child({place + 1})").all_inner_texts()
            keys = [key for cell in cells if (key := as_sorted(cell))]
            # A rule without a rate says so in words.
            if len(keys) > len(cells) / 2:
                assert keys == sorted(keys), (button.inner_text(), cells)
                kinds.add(len(keys[0]))
    assert kinds == ({1} if opened.page.locator("table.rules").count() else {1, 2})
